import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createLimitStore, type LimitStore } from '../../../src/limits/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { shiftTime } from '../../support/time.ts';
import { ageCounters, openRedis, redisDatabase, redisUrl } from './stores.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.db.close());
afterEach(() => shiftTime(0));

const fresh = () => `key-${randomUUID()}`;

/** What holds wherever counters are kept. @param pass lets seconds pass for them */
function describeStore(open: () => LimitStore, pass: (seconds: number) => Promise<void>): void {
  test('counts up and back, and a counter keeps the life it began with', async () => {
    const [store, key] = [open(), fresh()];
    expect(await store.find(key)).toBeUndefined();
    expect(await store.add({ key, seconds: 100 })).toEqual({ count: 1, left: 100 });
    await pass(40);
    const second = await store.add({ key, seconds: 100 });
    expect(second.count).toBe(2);
    expect(second.left).toBeLessThanOrEqual(60);
    await store.end({ drop: [], takeBack: [{ key, seconds: 100 }] });
    const found = await store.find(key);
    expect(found?.count).toBe(1);
    expect(found?.left).toBeLessThanOrEqual(60);
    await pass(61);
    expect(await store.find(key)).toBeUndefined();
    expect((await store.add({ key, seconds: 100 })).count).toBe(1);
  });

  test('a counter that is set has the life it is set for', async () => {
    const [store, key] = [open(), fresh()];
    await store.add({ key, seconds: 10 });
    await store.set({ key, seconds: 3600 }, 7);
    await pass(3000);
    expect(await store.find(key)).toEqual({ count: 7, left: expect.any(Number) });
    expect((await store.add({ key, seconds: 10 })).count).toBe(8);
    await pass(601);
    expect(await store.find(key)).toBeUndefined();
  });

  test('a counter that is dropped was never there', async () => {
    const [store, key] = [open(), fresh()];
    await store.add({ key, seconds: 100 });
    await store.end({ drop: [key], takeBack: [] });
    await store.end({ drop: [key], takeBack: [] });
    expect(await store.find(key)).toBeUndefined();
    expect((await store.add({ key, seconds: 100 })).count).toBe(1);
  });

  test('a try begins under all of its keys, in a place of its own, unless somebody has failed', async () => {
    const [store, own, source, mark] = [open(), fresh(), fresh(), fresh()];
    const counters = [
      { key: own, seconds: 100, places: 2 },
      { key: source, seconds: 50 },
    ];
    const first = await store.begin(counters, [mark]);
    expect(first).toEqual([
      { count: 1, left: 100, placed: true },
      { count: 1, left: 50, placed: true },
    ]);
    await store.add({ key: mark, seconds: 100 });
    expect(await store.begin(counters, [mark])).toBeUndefined();
    expect(await store.find(source)).toEqual({ count: 1, left: expect.any(Number) });
    // Somebody of the window before has the second place still.
    await store.add({ key: `${own}:0`, seconds: 100 });
    const more = [await store.begin(counters, []), await store.begin(counters, [])];
    expect(more.map((begun) => begun?.map(({ count, placed }) => [count, placed]))).toEqual([
      [
        [2, false],
        [2, true],
      ],
      [
        [3, false],
        [3, true],
      ],
    ]);
    await store.end({ drop: [own, `${own}:0`], takeBack: [{ key: source, seconds: 50 }] });
    expect((await store.find(source))?.count).toBe(2);
    expect((await store.begin(counters, []))?.map(({ count, placed }) => [count, placed])).toEqual([
      [1, false],
      [3, true],
    ]);
  });

  test('tries that share a source begin and end at once, and none waits for another for ever', async () => {
    const [one, other, source] = [open(), open(), fresh()];
    const shared = { key: source, seconds: 100 };
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const [store, own] = [n % 2 === 0 ? one : other, { key: fresh(), seconds: 100, places: 10 }];
        expect(await store.begin([own, shared], [`${own.key}:last`])).toHaveLength(2);
        await store.end({ drop: [own.key, `${own.key}:1`], takeBack: [shared] });
      }),
    );
    expect((await one.find(source))?.count).toBe(0);
  });

  test('two nodes that count at once miss nothing', async () => {
    const [one, other, key] = [open(), open(), fresh()];
    const counts = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, n) => (await (n % 2 === 0 ? one : other).add({ key, seconds: 100 })).count,
      ),
    );
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });
}

describe('counters in the database', () => {
  const open = () => createLimitStore({ redis: undefined, db: database.db, clock: systemClock });
  let shifted = 0;
  afterEach(() => {
    shifted = 0;
  });

  describeStore(open, async (seconds) => {
    shifted += seconds;
    shiftTime(shifted);
  });

  test('are in the table of rate limits, with the moment at which they end', async () => {
    const key = fresh();
    await open().add({ key, seconds: 100 });
    const rows = await database.db.query<{ key: string; points: number; expire: number }>(
      { name: '', text: 'SELECT * FROM rate_limits WHERE key LIKE $1' },
      [`%${key}`],
    );
    expect(rows).toEqual([{ key: `assent:limit:${key}`, points: 1, expire: expect.any(Number) }]);
    expect(Number(rows[0]?.expire) - Date.now()).toBeGreaterThan(90_000);
    expect(Number(rows[0]?.expire) - Date.now()).toBeLessThanOrEqual(100_000);
  });

  test('go on in memory where the database fails', async () => {
    const broken = { ...database.db, query: () => Promise.reject(new Error('the database is away')) };
    const [store, key] = [createLimitStore({ redis: undefined, db: broken, clock: systemClock }), fresh()];
    expect([
      (await store.add({ key, seconds: 100 })).count,
      (await store.add({ key, seconds: 100 })).count,
    ]).toEqual([1, 2]);
    expect(await store.find(key)).toEqual({ count: 2, left: expect.any(Number) });
    shiftTime(101);
    expect(await store.find(key)).toBeUndefined();
    await store.end({ drop: [key], takeBack: [] });
    expect((await store.add({ key, seconds: 100 })).count).toBe(1);
  });
});

describe.skipIf(redisUrl === undefined)('counters in Redis', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await openRedis(redisDatabase(9));
  });
  afterAll(() => redis.disconnect());

  const open = () => createLimitStore({ redis, db: database.db, clock: systemClock });
  describeStore(open, (seconds) => ageCounters(redis, seconds));

  test('all end by themselves', async () => {
    const [store, counted, taken, set] = [open(), fresh(), fresh(), fresh()];
    await store.add({ key: counted, seconds: 100 });
    await store.end({ drop: [], takeBack: [{ key: taken, seconds: 100 }] });
    await store.set({ key: set, seconds: 100 }, 5);
    for (const key of [counted, taken, set]) {
      expect(await redis.pttl(`assent:limit:${key}`), key).toBeGreaterThan(90_000);
    }
  });
});
