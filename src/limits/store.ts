import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Database } from '../db/index.ts';
import type { RedisConnection } from '../redis.ts';

/** What was counted under a key. */
export interface Count {
  readonly count: number;
  /** Seconds until it is forgotten, rounded up. */
  readonly left: number;
}

/** Counters that all nodes share, each for a time. Each function is one atomic operation. */
export interface LimitStore {
  /** Counts one more. @param seconds life of a counter that begins with it; one that is there keeps its own */
  add(key: string, seconds: number): Promise<Count>;
  /** Takes one back. @param seconds as with `add` */
  takeBack(key: string, seconds: number): Promise<void>;
  find(key: string): Promise<Count | undefined>;
  set(key: string, count: number, seconds: number): Promise<void>;
  drop(key: string): Promise<void>;
}

/** The library decides by two numbers that are ours to decide by: the counts are all we ask it for. */
const counting = { points: 1, duration: 1, keyPrefix: 'assent:limit' };

/** A client of node-postgres, as far as the library uses one. */
const asPgClient = (db: Database) => ({
  async query({ name = '', text, values }: { name?: string; text: string; values: readonly unknown[] }) {
    const rows = await db.query({ name, text }, values);
    return { rows, rowCount: rows.length };
  },
});

/**
 * Keeps counters in Redis where there is one, else in the table `rate_limits`. What cannot be counted there is counted in
 * this process until it can be again: an outage keeps nobody out, and nobody may guess without end while it lasts.
 */
export function createLimitStore(options: { redis: RedisConnection | undefined; db: Database }): LimitStore {
  const { redis, db } = options;
  const insured = { ...counting, insuranceLimiter: new RateLimiterMemory(counting) };
  const limiter =
    redis === undefined
      ? new RateLimiterPostgres({
          ...insured,
          storeClient: asPgClient(db),
          storeType: 'client',
          tableName: 'rate_limits',
          tableCreated: true,
          // Housekeeping does that.
          clearExpiredByTimeout: false,
        })
      : new RateLimiterRedis({ ...insured, storeClient: redis, rejectIfRedisNotReady: true });

  const asCount = ({ consumedPoints, msBeforeNext }: { consumedPoints: number; msBeforeNext: number }) => ({
    count: consumedPoints,
    left: Math.max(0, Math.ceil(msBeforeNext / 1000)),
  });

  return {
    add: async (key, seconds) => asCount(await limiter.penalty(key, 1, { customDuration: seconds })),
    async takeBack(key, seconds) {
      await limiter.reward(key, 1, { customDuration: seconds });
    },
    async find(key) {
      const found = await limiter.get(key);
      // In memory what is over may still be there for a moment.
      return found === null || found.msBeforeNext <= 0 ? undefined : asCount(found);
    },
    async set(key, count, seconds) {
      await limiter.set(key, count, seconds);
    },
    async drop(key) {
      await limiter.delete(key);
    },
  };
}
