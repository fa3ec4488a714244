import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectDone, listed, revoke, type Statements, watchStatements } from '../../support/taken-back.ts';
import { shiftTime } from '../../support/time.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { expectEndsWithinASecond } from '../attacks/ends.ts';
import { addNotes, askedBy, isActiveAt } from '../attacks/jwts.ts';
import { needsServer } from '../database/server.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { type Family, familyGrant, jtiOf, jwtFamilies } from './families.ts';

/** What one node takes back, the others know: within a second, whatever happens to their memory. */

let server: TestServer;
let second: TestNode;
let statements: Statements;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  second = await startNode(server);
  statements = watchStatements(server);
});
afterEach(() => {
  shiftTime(0);
  statements.fail();
});
afterAll(async () => {
  statements.stop();
  await second.close();
  await server.close();
});

const api = 'reasonable-adjustments';
const clinic = ['clinic-backend', 'demo-secret-clinic-backend'] as const;

/** A system’s JWT: it has no grant, so that nothing but the list can tell that it was taken back. */
async function obtain(): Promise<string> {
  const answer = await server.token({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, clinic);
  return ((await answer.json()) as TokenAnswer).access_token;
}

const isActive = (token: string, at: TestServer | TestNode = server) => isActiveAt(at, api, token);

/** Writes into the table as another node does. */
const takeBack = (token: string) =>
  server.sql('INSERT INTO revocations (kind, id, expires_at) VALUES ($1, $2, $3)', [
    'token',
    jtiOf(token),
    new Date(Date.now() + 300_000),
  ]);

/** Waits until so many more looks have begun. */
async function looks(count: number): Promise<void> {
  const until = statements.looks() + count;
  await eventually(async () => (statements.looks() >= until ? true : undefined));
}

describe('a node knows what another one took back', () => {
  test('a system’s JWT', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, obtain));
    for (const token of tokens) {
      expect([await isActive(token), await isActive(token, second)]).toEqual([true, true]);
      expectDone(await revoke(second, token, clinic));
      expectInactive(await askedBy(second, api, token));
      await expectEndsWithinASecond(() => isActive(token));
    }
  });

  test.for(jwtFamilies)('one of $what', async ({ api: its, client, start }) => {
    const { first } = await start(server);
    const token = first.access_token;
    expect([await isActiveAt(server, its, token), await isActiveAt(second, its, token)]).toEqual([
      true,
      true,
    ]);
    expectDone(await revoke(server, token, client));
    await expectEndsWithinASecond(() => isActiveAt(second, its, token));
    expect(await isActiveAt(server, its, token)).toBe(false);
  });

  test('a node that starts later, from its first answer on', async () => {
    const token = await obtain();
    expectDone(await revoke(server, token, clinic));
    const third = await startNode(server);
    expectInactive(await askedBy(third, api, token));
    await third.close();
  });
});

test.for(jwtFamilies)(
  '$what: a grant that ended stands in the list, whatever becomes of the grant itself',
  async ({ api: its, client, start }) => {
    const family: Family = await start(server);
    const grant = await familyGrant(server, family);
    expectDone(await revoke(server, family.first.refresh_token, client));
    await server.sql('UPDATE grants SET ended_at = NULL WHERE grant_id = $1', [grant]);
    for (const node of [server, second])
      await expectEndsWithinASecond(() => isActiveAt(node, its, family.first.access_token));
    const [row] = await server.sql<{ expires_at: Date }>('SELECT expires_at FROM revocations WHERE id = $1', [
      grant,
    ]);
    const { exp = 0 } = decodeJwt(family.first.access_token);
    expect(Number(row?.expires_at)).toBeGreaterThan(exp * 1000);
  },
);

test('what was taken back stands in the list as long as the token would have lived, to the second', async () => {
  const token = await obtain();
  expectDone(await revoke(server, token, clinic));
  expect(await listed(server, jtiOf(token))).toEqual([{ kind: 'token' }]);
  const [row] = await server.sql<{ expires_at: Date }>('SELECT expires_at FROM revocations WHERE id = $1', [
    jtiOf(token),
  ]);
  expect(Number(row?.expires_at) / 1000).toBe(decodeJwt(token).exp);
});

test('the table is not asked about a token while the list is fresh', async () => {
  const token = await obtain();
  // On a busy machine a look may come late, and then the table is asked.
  await eventually(async () => {
    statements.take();
    for (let time = 0; time < 5; time += 1) expect(await isActive(token)).toBe(true);
    return statements.take().includes('revocations_find') ? undefined : true;
  });
});

describe('a node that cannot look', () => {
  const away = 'what was taken back cannot be read';
  const said = () => server.logLines.filter((line) => line.includes(away)).length;

  test('asks about each token, and knows what another took back', async () => {
    const [bad, good] = [await obtain(), await obtain()];
    const before = said();
    statements.fail(/^revocations_since$/);
    await takeBack(bad);
    await expectEndsWithinASecond(() => isActive(bad));
    statements.take();
    for (let time = 0; time < 3; time += 1)
      expect([await isActive(bad), await isActive(good)]).toEqual([false, true]);
    expect(statements.take().filter((name) => name === 'revocations_find')).toHaveLength(6);
    expect(said()).toBe(before + 1);
    statements.fail();
    await eventually(async () => {
      statements.take();
      const states = [await isActive(bad), await isActive(good)];
      expect(states).toEqual([false, true]);
      return statements.take().includes('revocations_find') ? undefined : true;
    });
  });

  test('and cannot ask either says 503, and never that a token is good', async () => {
    const [bad, good] = [await obtain(), await obtain()];
    statements.fail(/^revocations_(since|find)$/);
    await takeBack(bad);
    await eventually(async () => ((await askedBy(server, api, good)).status === 503 ? true : undefined));
    for (const token of [bad, good]) {
      const { status, headers, body } = await askedBy(server, api, token);
      expect({ status, body: JSON.parse(body) }).toMatchObject({
        status: 503,
        body: { error: 'temporarily_unavailable' },
      });
      expect(body).not.toContain('active');
      expect(headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    }
    // Opaque tokens are looked up anyway; what can be known without the list is told.
    expectInactive(await askedBy(server, api, 'a'.repeat(43)));
    expectInactive(await askedBy(server, api, 'a.b.c'));
    statements.fail();
    expect(
      await eventually(async () => ((await askedBy(server, api, good)).status === 200 ? true : undefined)),
    ).toBe(true);
    expect([await isActive(bad), await isActive(good)]).toEqual([false, true]);
  });

  test('takes tokens back all the same, and knows it itself', async () => {
    const token = await obtain();
    statements.fail(/^revocations_since$/);
    expectDone(await revoke(server, token, clinic));
    await expectEndsWithinASecond(() => isActive(token));
    expect(await listed(server, jtiOf(token))).toEqual([{ kind: 'token' }]);
  });
});

test.for([5, -5, 60, -60])('a clock that jumps by %i s changes nothing of what is known', async (seconds) => {
  const [bad, good] = [await obtain(), await obtain()];
  expectDone(await revoke(second, bad, clinic));
  await expectEndsWithinASecond(() => isActive(bad));
  shiftTime(seconds);
  for (const node of [server, second])
    expect([await isActive(bad, node), await isActive(good, node)]).toEqual([false, true]);
  shiftTime(0);
  for (const node of [server, second])
    expect([await isActive(bad, node), await isActive(good, node)]).toEqual([false, true]);
});

test('a clock that was an hour ahead for a while has not made a node forget', async () => {
  const token = await obtain();
  expectDone(await revoke(server, token, clinic));
  expect(await isActive(token)).toBe(false);
  shiftTime(3600);
  await looks(2);
  shiftTime(0);
  await looks(2);
  expect(await isActive(token)).toBe(false);
});

if (needsServer !== undefined) console.warn(`Transactions that overlap are not tested here: ${needsServer}`);

describe.skipIf(needsServer)('a transaction that began first and ends last', () => {
  test('is known to every node within a second of its end', async () => {
    const [slow, quick] = [await obtain(), await obtain()];
    const { target } = server.services;
    const session = new pg.Client({ connectionString: 'url' in target ? target.url : '' });
    await session.connect();
    await session.query('BEGIN');
    await session.query('INSERT INTO revocations (kind, id, expires_at) VALUES ($1, $2, $3)', [
      'token',
      jtiOf(slow),
      new Date(Date.now() + 300_000),
    ]);
    expectDone(await revoke(second, quick, clinic));
    for (const node of [server, second]) await expectEndsWithinASecond(() => isActive(quick, node));
    await looks(3);
    for (const node of [server, second]) expect(await isActive(slow, node)).toBe(true);
    await session.query('COMMIT');
    for (const node of [server, second]) await expectEndsWithinASecond(() => isActive(slow, node));
    await session.end();
  });
});
