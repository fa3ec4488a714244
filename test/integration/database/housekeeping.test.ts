import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createHousekeeping, type Database, type Housekeeping } from '../../../src/db/index.ts';
import { createReplayGuard, createSqlStore } from '../../../src/oidc/storage/index.ts';
import { expiringTables } from '../../../src/retention.ts';
import { openTestDatabase } from '../../support/database.ts';
import { arohas } from '../storage/artefacts.ts';
import { ago, countOf, empty, HOUR, insert, keysOf, NINETY_DAYS, over } from './expired.ts';

let db: Database;
let faults: string[] = [];
const running: Housekeeping[] = [];

beforeAll(async () => {
  ({ db } = await openTestDatabase());
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  await empty(db);
  faults = [];
});
afterAll(() => db.close());

/** Housekeeping that does nothing by itself, unless told to. */
function start(change: Partial<Parameters<typeof createHousekeeping>[0]> = {}): Housekeeping {
  const housekeeping = createHousekeeping({
    db,
    clock: systemClock,
    tables: expiringTables,
    every: HOUR,
    onError: (error) => void faults.push((error as Error).message),
    ...change,
  });
  running.push(housekeeping);
  return housekeeping;
}

/** A handle that fails where a statement of this name is sent, the first so many times. */
function failing(name: string, times: number): Database {
  let left = times;
  return {
    ...db,
    async query(statement, values) {
      if (statement.name === name && left > 0) {
        left -= 1;
        throw new Error('the database is away');
      }
      return db.query(statement, values);
    },
  };
}

const none = Object.fromEntries(expiringTables.map(({ name }) => [name, 0]));

describe('F-14 housekeeping clears away', () => {
  test.each(expiringTables)('what has expired in $name, and nothing else', async (table) => {
    const { name } = table;
    await insert(db, name, 'over ', { at: over(table), count: 3 });
    await insert(db, name, 'to come ', {
      at: ago(name === 'anonymous_denials' ? NINETY_DAYS - HOUR : -HOUR),
    });
    expect(await start().round()).toBe(3);
    expect(await keysOf(db, name)).toEqual(['to come 1']);
  });

  test.each(expiringTables.filter(({ name }) => name !== 'anonymous_denials'))(
    'nothing of $name while a node whose clock is behind may still look for it',
    async ({ name }) => {
      await insert(db, name, 'just over ', { at: ago(130_000) });
      expect(await start().round()).toBe(0);
      expect(await countOf(db, name)).toBe(1);
    },
  );

  test.each(['oidc_artefacts', 'rate_limits'])('nothing of %s that never expires', async (name) => {
    await insert(db, name, 'for ever ', { at: null });
    expect(await start().round()).toBe(0);
    expect(await countOf(db, name)).toBe(1);
  });

  test.each([
    ['at different times', 1],
    ['all at the same time', 0],
  ])('any number of rows, expired %s, in one round', async (_, apart) => {
    await insert(db, 'replay_guards', 'jti ', { at: ago(2 * HOUR), count: 4500, apart });
    await insert(db, 'rate_limits', 'account ', { at: ago(2 * HOUR), count: 4500, apart });
    await insert(db, 'replay_guards', 'to come ', { at: ago(-HOUR), count: 10 });
    expect(await start().round()).toBe(9000);
    expect([await countOf(db, 'replay_guards'), await countOf(db, 'rate_limits')]).toEqual([10, 0]);
  });

  test('every table in which something expires but what is told here', async () => {
    const columns = await db.query<{ name: string }>({
      name: '',
      text: `SELECT table_name AS name FROM information_schema.columns
             WHERE table_schema = 'public' AND column_name IN ('expires_at', 'expire')`,
    });
    // A client's secrets and people's decisions are history; a key is retired by rotation.
    const others = ['client_secrets', 'consents', 'signing_keys'];
    const cleared = expiringTables.map(({ name }) => name).filter((name) => name !== 'anonymous_denials');
    expect(columns.map(({ name }) => name).sort()).toEqual([...cleared, ...others].sort());
  });

  test('by an index, never by reading a whole table', async () => {
    for (const { name, column } of expiringTables) {
      const found = await db.query({
        name: '',
        text: `SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = '${name}'::regclass AND a.attname = '${column}' AND i.indpred IS NULL`,
      });
      expect(found, `an index that begins with ${name}.${column}`).not.toEqual([]);
    }
  });

  test('tells how many rows of which table', async () => {
    const rounds: unknown[] = [];
    const housekeeping = start({ onRound: (cleared) => void rounds.push(cleared) });
    await insert(db, 'consent_answers', 'page ', { at: ago(HOUR), count: 2 });
    await insert(db, 'revocations', 'jti ', { at: ago(HOUR), count: 1 });
    await housekeeping.round();
    await housekeeping.round();
    expect(rounds).toEqual([{ ...none, consent_answers: 2, revocations: 1 }, none]);
  });
});

describe('F-14 before it was cleared away', () => {
  test('what has expired is not found, and what was used once is used still', async () => {
    const store = createSqlStore({ db, clock: systemClock });
    await store.put('RefreshToken', 'late', arohas({ uid: 'late-uid', expiresAt: ago(1000) }));
    await insert(db, 'replay_guards', 'jti ', { at: ago(1000) });
    await start().round();
    expect(await keysOf(db, 'oidc_artefacts'), 'it is there').toEqual(['late']);
    expect(await store.find('RefreshToken', 'late')).toBeUndefined();
    expect(await store.findByUid('RefreshToken', 'late-uid')).toBeUndefined();
    expect(await store.consume('RefreshToken', 'late')).toBe(false);
    expect(await createReplayGuard({ db }).first('jti 1', ago(-HOUR))).toBe(false);
  });
});

describe('F-14 the rows that wait', () => {
  test('are counted per table, those that may not go yet left out', async () => {
    await insert(db, 'oidc_artefacts', 'over ', { at: ago(HOUR), count: 7 });
    await insert(db, 'oidc_artefacts', 'to come ', { at: ago(-HOUR), count: 2 });
    await insert(db, 'anonymous_denials', 'source ', { at: ago(HOUR) });
    const housekeeping = start();
    expect(await housekeeping.waiting()).toEqual({ ...none, oidc_artefacts: 7 });
    await housekeeping.round();
    expect(await housekeeping.waiting()).toEqual(none);
  });

  test('are counted up to a hundred thousand', async () => {
    await insert(db, 'rate_limits', 'account ', { at: ago(HOUR), count: 100_001 });
    expect(await start().waiting()).toEqual({ ...none, rate_limits: 100_000 });
  });
});

describe('F-14 a fault in the middle of a round', () => {
  test('is told once an outage, keeps the other tables clean, and leaves its own for the next round', async () => {
    const housekeeping = start({ db: failing('housekeeping_clear_replay_guards', 2) });
    await insert(db, 'oidc_artefacts', 'token ', { at: ago(HOUR) });
    await insert(db, 'replay_guards', 'jti ', { at: ago(HOUR) });
    await insert(db, 'revocations', 'jti ', { at: ago(HOUR) });
    expect(await housekeeping.round()).toBe(2);
    expect(await housekeeping.round()).toBe(0);
    expect(faults).toEqual(['the database is away']);
    expect(await housekeeping.round()).toBe(1);
    expect(await housekeeping.waiting()).toEqual(none);
    expect(faults).toHaveLength(1);
  });

  test('is told again in the next outage', async () => {
    let down = true;
    const query: Database['query'] = (statement, values) =>
      down ? Promise.reject(new Error('away')) : db.query(statement, values);
    const housekeeping = start({ db: { ...db, query } });
    await housekeeping.round();
    down = false;
    await housekeeping.round();
    down = true;
    await housekeeping.round();
    expect(faults).toEqual(['away', 'away']);
  });

  test('leaves gone what was cleared away before it', async () => {
    let batches = 0;
    const query: Database['query'] = async (statement, values) => {
      if (statement.name === 'housekeeping_clear_rate_limits') batches += 1;
      if (batches === 2) throw new Error('away');
      return db.query(statement, values);
    };
    const broken = start({ db: { ...db, query } });
    await insert(db, 'rate_limits', 'account ', { at: ago(2 * HOUR), count: 4500, apart: 1 });
    const cleared = await broken.round();
    expect(cleared).toBeGreaterThan(0);
    expect(await countOf(db, 'rate_limits')).toBe(4500 - cleared);
    expect(await start().round()).toBe(4500 - cleared);
  });

  test('on a node whose clock is a minute ahead of the database: it clears away nothing and says why', async () => {
    await insert(db, 'replay_guards', 'jti ', { at: ago(HOUR) });
    const clock = { ...systemClock, now: () => new Date(Date.now() + 65_000) };
    expect(await start({ clock }).round()).toBe(0);
    expect(faults).toEqual(['The clock of this node is ahead of the database']);
    expect(await countOf(db, 'replay_guards')).toBe(1);
  });
});
