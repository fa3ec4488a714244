import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { RedisConnection } from '../redis.ts';
import { composed, createMemoryCounters, createRedisCounters } from './counters.ts';
import { createSqlStore } from './sql-store.ts';
import type { LimitStore } from './store.ts';

/** A store whose counters go on in another where they cannot be reached. */
function insured(store: LimitStore, other: LimitStore): LimitStore {
  async function tried<T>(work: (one: LimitStore) => Promise<T>): Promise<T> {
    try {
      return await work(store);
    } catch {
      return work(other);
    }
  }
  return {
    begin: (counters, marks) => tried((one) => one.begin(counters, marks)),
    end: (change) => tried((one) => one.end(change)),
    add: (counter) => tried((one) => one.add(counter)),
    find: (key) => tried((one) => one.find(key)),
    set: (counter, count) => tried((one) => one.set(counter, count)),
  };
}

/**
 * Keeps counters in Redis where there is one, else in the table `rate_limits`. What cannot be counted there is counted in
 * this process until it can be again: an outage keeps nobody out, and nobody may guess without end while it lasts.
 */
export function createLimitStore(options: {
  redis: RedisConnection | undefined;
  db: Database;
  clock: Clock;
}): LimitStore {
  const { redis, db, clock } = options;
  if (redis !== undefined) return composed(createRedisCounters(redis));
  return insured(createSqlStore({ db, clock }), composed(createMemoryCounters()));
}
