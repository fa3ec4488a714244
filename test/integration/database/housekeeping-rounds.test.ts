import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createHousekeeping, type Database, type Housekeeping, type Row } from '../../../src/db/index.ts';

/** When housekeeping looks, and when it stops. What it does then is told in housekeeping.test.ts. */

const running: Housekeeping[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of running.splice(0)) await one.close();
});

/** A database with `expired` rows in one table; `hold` makes the answer to a batch wait. */
function rows(expired: number, hold: () => Promise<void> = async () => {}) {
  const seen = { batches: 0, underWay: 0, most: 0, left: expired };
  async function query(statement: { name: string }, values: readonly unknown[] = []): Promise<Row[]> {
    if (statement.name === 'housekeeping_lead') return [{ leads: true, at: new Date() }];
    seen.batches += 1;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    await hold();
    seen.underWay -= 1;
    const cleared = Math.min(seen.left, Number(values[2]));
    seen.left -= cleared;
    return [{ cleared, seen: cleared, last: new Date(0) }];
  }
  const db = { query, transaction: (work: () => unknown) => work() } as unknown as Database;
  return { db, seen };
}

function start(db: Database, change: Partial<Parameters<typeof createHousekeeping>[0]> = {}): Housekeeping {
  const housekeeping = createHousekeeping({
    db,
    clock: systemClock,
    tables: [{ name: 'replay_guards', column: 'expires_at', type: 'timestamptz', kept: 0 }],
    every: 3_600_000,
    onError(error) {
      throw error;
    },
    ...change,
  });
  running.push(housekeeping);
  return housekeeping;
}

/** A gate that a batch waits at. */
function gate() {
  const reached = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: open.resolve,
    hold() {
      reached.resolve();
      return open.promise;
    },
  };
}

describe('F-14 the rounds of housekeeping', () => {
  test('come by themselves, one after the other', async () => {
    const third = Promise.withResolvers<void>();
    let rounds = 0;
    const { db, seen } = rows(0, setImmediate);
    start(db, {
      every: 1,
      onRound() {
        rounds += 1;
        if (rounds === 3) third.resolve();
      },
    });
    await third.promise;
    expect(seen.most).toBe(1);
  });

  test.each([
    ['half a minute after the last', 0, 30_000],
    ['a minute', 0.5, 60_000],
    ['almost one and a half', 0.99, 89_400],
  ])('come %s when chance says %d: nodes that started together part', (_, chance, expected) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    start(rows(0).db, { every: 60_000, random: () => chance });
    expect(timers.mock.calls.map(([, delay]) => delay)).toEqual([expected]);
  });

  test('ask chance anew each time', async () => {
    const asked = Promise.withResolvers<void>();
    let times = 0;
    start(rows(0).db, {
      every: 1,
      random() {
        times += 1;
        if (times === 3) asked.resolve();
        return 0;
      },
    });
    await asked.promise;
  });

  test('are shared by all who ask while one is under way', async () => {
    const { reached, open, hold } = gate();
    const { db, seen } = rows(3, hold);
    const housekeeping = start(db);
    const asked = [housekeeping.round(), housekeeping.round()];
    await reached;
    open();
    expect(await Promise.all(asked)).toEqual([3, 3]);
    expect(seen.batches).toBe(1);
    expect(await housekeeping.round()).toBe(0);
  });

  test('end with it: closing waits for the batch under way, and none follows, however many rows are left', async () => {
    const { reached, open, hold } = gate();
    const { db, seen } = rows(1_000_000, hold);
    const housekeeping = start(db, { every: 1 });
    await reached;
    let closed = false;
    const closing = housekeeping.close().then(() => {
      closed = true;
    });
    await setImmediate();
    expect(closed).toBe(false);
    open();
    await closing;
    expect(seen.batches).toBe(1);
    expect(seen.left).toBeGreaterThan(0);
  });

  test('do not come after it was closed', async () => {
    const { db, seen } = rows(1);
    const housekeeping = start(db);
    await housekeeping.close();
    expect(await housekeeping.round()).toBe(0);
    expect(seen.batches).toBe(0);
  });
});
