import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { derive } from '../../../src/keys/index.ts';
import { createLimitStore, createSignInGuard } from '../../../src/limits/index.ts';
import type { TestServer } from '../../support/server.ts';
import { openRedis, redisDatabase, redisUrl } from './stores.ts';
import { newAddress, newPerson, openTypist, startWorld, typeRight, type World } from './typing.ts';

const DATABASE = 14;

let world: World;
let direct: World;
beforeAll(async () => {
  world = await startWorld(DATABASE);
  direct = await startWorld(DATABASE, { TRUST_PROXY: '' });
});
afterEach(() => world.end());
afterAll(async () => {
  await direct.server.close();
  await world.server.close();
});

/** As many failures as are free but one, from one source: as another node of the same system would have counted them. */
async function failElsewhere({ services, issuer }: TestServer, source: string): Promise<void> {
  const redis = redisUrl === undefined ? undefined : await openRedis(redisDatabase(DATABASE));
  const { attempt } = createSignInGuard({
    store: createLimitStore({ redis, db: services.db, clock: services.clock }),
    clock: services.clock,
    issuer,
    key: derive(services.masterKey, 'sign-in-limits'),
    onLimited: async () => {},
  });
  const tries = Array.from({ length: 99 }, (_, n) =>
    attempt({ identifier: `person-${n}@example.test`, source, known: undefined }),
  );
  const answers = await Promise.all(tries);
  const leaves = answers.flatMap((answer) => ('retryAfter' in answer ? [] : [answer]));
  await Promise.all(leaves.map((leave) => leave.failed()));
  redis?.disconnect();
  expect(leaves).toHaveLength(99);
}

test('LO-01 one password for a hundred accounts: their source has to wait, others have not', async () => {
  const here = newAddress();
  await failElsewhere(world.server, here);
  const identifier = await newPerson(world.server);
  const typist = await openTypist(world.server, { identifier, source: here });
  expect((await typist.type('spring', { identifier: 'the-hundredth@example.test' })).status).toBe(200);
  const refused = await typeRight(typist);
  expect(refused.status).toBe(429);
  expect(refused.html).toContain('There were too many tries. Wait 1 minute, then try again.');
  await world.pass(31);
  expect((await typeRight(typist)).status).toBe(303);
  const other = await openTypist(world.server, { identifier, source: newAddress() });
  expect((await typeRight(other)).status).toBe(303);
});

describe('GW-03 the source of a try', () => {
  test('is the real peer where no proxy is trusted, whatever a request says', async () => {
    const typist = await openTypist(direct.server, { identifier: await newPerson(direct.server) });
    // By which of the two a test connects is up to the machine.
    for (const peer of ['127.0.0.1', '::1']) await failElsewhere(direct.server, peer);
    const spoof = () => ({ source: newAddress() });
    expect((await typist.type('spring', { identifier: 'a@example.test', ...spoof() })).status).toBe(200);
    expect((await typeRight(typist, spoof())).status).toBe(429);
    expect((await typeRight(typist)).status).toBe(429);
  });

  test('is the nearest address that is no trusted proxy: what was written before it does not count', async () => {
    const here = newAddress();
    await failElsewhere(world.server, here);
    const typist = await openTypist(world.server, { identifier: await newPerson(world.server) });
    const chain = () => ({ source: `${newAddress()}, ${newAddress()}, ${here}, 127.0.0.1` });
    expect((await typist.type('spring', { identifier: 'b@example.test', ...chain() })).status).toBe(200);
    expect((await typeRight(typist, chain())).status).toBe(429);
    expect((await typeRight(typist, { source: newAddress() })).status).toBe(303);
  });
});
