import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { demoPassword } from '../../support/visitor.ts';
import {
  newAddress,
  newPerson,
  openTypist,
  startWorld,
  type Typist,
  typeRight,
  typeWrong,
  type World,
} from './typing.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld(11);
});
afterEach(() => {
  vi.restoreAllMocks();
  world.end();
});
afterAll(() => world.server.close());

const limited = /There were too many tries\. Wait (\d+) minutes?, then try again\./;
const somebody = async () =>
  openTypist(world.server, { identifier: await newPerson(world.server), source: newAddress() });

/** Counts the passwords that are hashed from now on. */
function hashes(): () => number {
  const spy = vi.spyOn(world.server.services.passwords, 'verify');
  return () => spy.mock.calls.length;
}

describe('LO-01 guessing at one account', () => {
  test('after four wrong passwords the page says how long to wait, to the right one too', async () => {
    const identifier = await newPerson(world.server);
    const typist = await openTypist(world.server, { identifier, source: newAddress() });
    expect(await typeWrong(typist, 4)).toEqual([200, 200, 200, 200]);
    const answer = await typeRight(typist);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    expect(answer.html).toMatch(/There were too many tries\. Wait 1 minute, then try again\./);
    expect(answer.html).toContain(`value="${identifier}"`);
    expect(answer.html).not.toContain(demoPassword);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('the eleventh in 15 minutes is refused with the right password, and by time alone it is not', async () => {
    const typist = await somebody();
    const statuses = [...(await typeWrong(typist, 10)), (await typeRight(typist)).status];
    expect(statuses).toEqual([...Array(4).fill(200), ...Array(7).fill(429)]);
    await world.pass(31);
    expect((await typeRight(typist)).status).toBe(303);
  });

  test('each wait is longer than the one before, and tries meanwhile do not make it longer', async () => {
    const typist = await somebody();
    await typeWrong(typist, 4);
    for (const most of [30, 60, 120, 240]) {
      const answer = await typeRight(typist);
      expect(answer.status).toBe(429);
      const wait = Number(answer.headers.get('retry-after'));
      expect(wait).toBeLessThanOrEqual(most);
      expect(wait).toBeGreaterThan(most / 2);
      expect(limited.exec(answer.html)?.[1]).toBe(String(Math.ceil(wait / 60)));
      await world.pass(wait + 1);
      expect(await typeWrong(typist, 2)).toEqual([200, 429]);
    }
    await world.pass(481);
    expect((await typeRight(typist)).status).toBe(303);
  });

  test('from many addresses it is one account', async () => {
    const typist = await somebody();
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push(...(await typeWrong(typist, 1, newAddress())));
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    expect((await typeRight(typist, { source: newAddress() })).status).toBe(429);
  });

  test('F-16 fifty at once are ten hashes at most, and those that are refused are none', async () => {
    const typist = await somebody();
    const hashed = hashes();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => typist.type(`wrong ${n}`)));
    const through = answers.filter(({ status }) => status === 200).length;
    // The first of them may be known to fail before the last are there, and end it earlier.
    expect(through).toBeGreaterThanOrEqual(4);
    expect(through).toBeLessThanOrEqual(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(50 - through);
    expect(hashed()).toBe(through);
    await typeWrong(typist, 5);
    expect((await typeRight(typist)).status).toBe(429);
    expect(hashed()).toBe(through);
  });

  test('ten right passwords at once, in ten browsers that nobody knows, all sign in', async () => {
    const identifier = await newPerson(world.server);
    const typists: Typist[] = [];
    for (let n = 0; n < 10; n += 1)
      typists.push(await openTypist(world.server, { identifier, source: newAddress() }));
    const answers = await Promise.all(typists.map((typist) => typeRight(typist)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(303));
    // And nothing is left of it for the one who mistypes next.
    const stranger = await openTypist(world.server, { identifier, source: newAddress() });
    expect(await typeWrong(stranger, 5)).toEqual([200, 200, 200, 200, 429]);
  });

  test('a wait is the one of the last failure, not of the last answer, when many fail at once', async () => {
    const typist = await somebody();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => typist.type(`wrong ${n}`)));
    const failures = answers.filter(({ status }) => status === 200).length;
    const wait = Number((await typeRight(typist)).headers.get('retry-after'));
    expect(wait).toBeGreaterThan(30 * 2 ** (failures - 4) - 30);
    expect(wait).toBeLessThanOrEqual(900);
    await world.pass(wait + 1);
    expect((await typeRight(typist)).status).toBe(303);
  });

  test('a right password ends the count', async () => {
    const identifier = await newPerson(world.server);
    const typist = await openTypist(world.server, { identifier, source: newAddress() });
    await typeWrong(typist, 3);
    expect((await typeRight(typist)).status).toBe(303);
    const stranger = await openTypist(world.server, { identifier });
    expect(await typeWrong(stranger, 5, newAddress())).toEqual([200, 200, 200, 200, 429]);
  });

  test('a form with nothing in it is no try', async () => {
    const typist = await openTypist(world.server, { identifier: 'empty@example.test', source: newAddress() });
    for (let n = 0; n < 6; n += 1) expect((await typist.type('')).status).toBe(200);
    expect((await typist.type('wrong')).status).toBe(200);
  });

  test('is audited each time a wait begins, without the name that was typed', async () => {
    const source = newAddress();
    const typist = await openTypist(world.server, { identifier: 'not-there@example.test', source });
    await typeWrong(typist, 8);
    await world.pass(31);
    await typeWrong(typist, 2);
    const rows = await world.server.sql<{ detail: unknown }>(
      "SELECT * FROM audit_events WHERE type = 'person.sign-in-limited' AND source = $1 ORDER BY at",
      [source],
    );
    expect(rows.map(({ detail }) => detail)).toEqual([{ wait: 30 }, { wait: 60 }]);
    expect(JSON.stringify(rows)).not.toContain('not-there');
    expect(world.server.logLines.join()).not.toContain('not-there');
  });
});

test('F-16 what is refused for too many tries is counted apart from wrong passwords', async () => {
  const source = newAddress();
  const typist = await openTypist(world.server, { identifier: 'counted@example.test', source });
  await typeWrong(typist, 6);
  const rows = await vi.waitFor(
    async () => {
      const found = await world.server.sql<{ error: string; count: number }>(
        'SELECT error, sum(count)::int AS count FROM anonymous_denials WHERE source = $1 GROUP BY error',
        [source],
      );
      expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(6);
      return found;
    },
    { timeout: 10_000 },
  );
  expect(Object.fromEntries(rows.map(({ error, count }) => [error, count]))).toEqual({
    sign_in_refused: 4,
    sign_in_limited: 2,
  });
});
