import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createRevocations, type Revocations } from '../../../src/revocations/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/fixtures.ts';
import { needsServer, openOnServer, type ServerDatabase } from '../database/server.ts';

/** The table that every node follows: what it answers to those who look for what is new. */

let database: TestDatabase;
let revocations: Revocations;

beforeAll(async () => {
  database = await openTestDatabase();
  revocations = createRevocations({ db: database.db, clock: systemClock });
});
afterAll(() => database.db.close());

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);
const token = (id: string, seconds = 300) => ({ kind: 'token', id, expiresAt: inSeconds(seconds) }) as const;
const grant = (id: string, seconds = 360) => ({ kind: 'grant', id, expiresAt: inSeconds(seconds) }) as const;
const ids = ({ revocations: found }: Awaited<ReturnType<Revocations['since']>>) =>
  found.map(({ kind, id }) => `${kind} ${id}`).toSorted();

/**
 * Looks until there is nothing new. Transactions of other databases on the same server count, too: while one of them is under
 * way, a look finds again what it has found before.
 */
async function expectNothingNew(table: Revocations, from: bigint): Promise<void> {
  let horizon = from;
  await eventually(async () => {
    const found = await table.since(horizon);
    expect(found.horizon).toBeGreaterThanOrEqual(horizon);
    horizon = found.horizon;
    return found.revocations.length === 0 ? true : undefined;
  });
}

test('what is added is found from the beginning, and from the last look on only what came since', async () => {
  await revocations.add([token('one'), grant('family')]);
  const first = await revocations.since(0n);
  expect(ids(first)).toEqual(['grant family', 'token one']);
  expect(Math.abs(first.at.getTime() - Date.now())).toBeLessThan(60_000);
  await revocations.add([token('two')]);
  const second = await revocations.since(first.horizon);
  expect(ids(second)).toContain('token two');
  expect(second.horizon).toBeGreaterThanOrEqual(first.horizon);
  await expectNothingNew(revocations, second.horizon);
});

test('every answer says which run of the server gave it, and which of its processes', async () => {
  const first = await revocations.since(0n);
  expect([Number(first.server) > 0, first.session]).toEqual([true, expect.any(Number)]);
  expect(Number(first.server)).toBeLessThanOrEqual(first.at.getTime() / 1000);
  expect((await revocations.since(first.horizon)).server).toBe(first.server);
});

test('its end is kept to the millisecond', async () => {
  const one = token('exact');
  await revocations.add([one]);
  const { revocations: found } = await revocations.since(0n);
  expect(found.find(({ id }) => id === 'exact')).toEqual(one);
});

test('what has ended by itself is not told of', async () => {
  await revocations.add([token('over', -1), token('soon', 60)]);
  const found = ids(await revocations.since(0n));
  expect(found).toContain('token soon');
  expect(found).not.toContain('token over');
  expect(await revocations.has({ token: 'over', grant: undefined }, new Date())).toBe(false);
  expect(await revocations.has({ token: 'soon', grant: undefined }, inSeconds(61))).toBe(false);
});

test('a second time it stays as it was', async () => {
  await revocations.add([token('twice', 100)]);
  await revocations.add([token('twice', 200), token('twice-too', 200)]);
  const rows = await database.db.query<{ left: number }>(
    { name: '', text: `SELECT expires_at < $1 AS left FROM revocations WHERE id = 'twice'` },
    [inSeconds(150)],
  );
  expect(rows).toEqual([{ left: true }]);
  expect(ids(await revocations.since(0n))).toContain('token twice-too');
});

test('nothing is nothing', async () => {
  const before = ids(await revocations.since(0n));
  await revocations.add([]);
  expect(ids(await revocations.since(0n))).toEqual(before);
});

test('a token is found by its own name or by its grant’s, each in its place', async () => {
  const now = new Date();
  await revocations.add([token('asked'), grant('asked-family')]);
  const has = (one: string, ofGrant?: string) => revocations.has({ token: one, grant: ofGrant }, now);
  expect(await has('asked')).toBe(true);
  expect(await has('other', 'asked-family')).toBe(true);
  expect(await has('other')).toBe(false);
  expect(await has('other', 'asked')).toBe(false);
  expect(await has('asked-family')).toBe(false);
});

test('what is rolled back was never there', async () => {
  const work = database.db.transaction(async () => {
    await revocations.add([token('undone')]);
    throw new Error('changed my mind');
  });
  await expect(work).rejects.toThrow('changed my mind');
  expect(ids(await revocations.since(0n))).not.toContain('token undone');
});

if (needsServer !== undefined) console.warn(`Transactions that overlap are not tested here: ${needsServer}`);

describe.skipIf(needsServer)('transactions that overlap', () => {
  let opened: ServerDatabase;
  let following: Revocations;

  beforeAll(async () => {
    opened = await openOnServer('template');
    following = createRevocations({ db: opened.db, clock: systemClock });
  });
  afterAll(() => opened.close());

  const insert = (id: string) =>
    opened.beside.query('INSERT INTO revocations (kind, id, expires_at) VALUES ($1, $2, $3)', [
      'token',
      id,
      inSeconds(300),
    ]);

  test('of two sessions are told apart, and known to be of one server', async () => {
    const { db } = opened;
    const [one, other] = await Promise.all([following.since(0n), db.transaction(() => following.since(0n))]);
    expect(one.server).toBe(other.server);
    expect(one.session).not.toBe(other.session);
  });

  test('one that began first and ends last is found by the look after its end, however many were before', async () => {
    await opened.beside.query('BEGIN');
    await insert('slow');
    await following.add([token('quick')]);
    let horizon = 0n;
    for (let look = 0; look < 5; look += 1) {
      const found = await following.since(horizon);
      expect(ids(found)).toEqual(['token quick']);
      horizon = found.horizon;
    }
    await opened.beside.query('COMMIT');
    const last = await following.since(horizon);
    expect(ids(last)).toContain('token slow');
    await expectNothingNew(following, last.horizon);
  });

  test('one that is rolled back is never found, and holds nobody up afterwards', async () => {
    await opened.beside.query('BEGIN');
    await insert('undone');
    const held = await following.since(0n);
    await opened.beside.query('ROLLBACK');
    await following.add([token('next')]);
    const found = await following.since(held.horizon);
    expect(ids(found)).toContain('token next');
    expect(ids(found)).not.toContain('token undone');
    await expectNothingNew(following, found.horizon);
  });

  test('one that has written elsewhere for long only lets looks find the same again', async () => {
    await opened.beside.query('BEGIN');
    await opened.beside.query('SELECT pg_current_xact_id()');
    await following.add([token('meanwhile')]);
    const first = await following.since(0n);
    const second = await following.since(first.horizon);
    expect(ids(second)).toContain('token meanwhile');
    await opened.beside.query('COMMIT');
    await expectNothingNew(following, second.horizon);
  });
});

test('a grant that is narrowed a second time is told of anew, up to the later version, as one row', async () => {
  const told = async (from: bigint) => {
    const found = await revocations.since(from);
    return { ...found, narrowings: found.narrowings.filter(({ grant }) => grant === 'less') };
  };
  const expiresAt = inSeconds(360);
  await revocations.narrow({ grant: 'less', toVersion: 1, expiresAt });
  const first = await told(0n);
  expect(first.narrowings).toEqual([{ grant: 'less', toVersion: 1, expiresAt }]);
  await revocations.narrow({ grant: 'less', toVersion: 3, expiresAt });
  expect((await told(first.horizon)).narrowings).toEqual([{ grant: 'less', toVersion: 3, expiresAt }]);
  // Never back, whichever of two comes last.
  await revocations.narrow({ grant: 'less', toVersion: 2, expiresAt: inSeconds(1) });
  expect((await told(0n)).narrowings).toEqual([{ grant: 'less', toVersion: 3, expiresAt }]);
});
