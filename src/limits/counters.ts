import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisConnection } from '../redis.ts';
import { type Beginning, type Begun, type Count, type Counter, type LimitStore, placeKey } from './store.ts';

/** Counters one by one. Each function is one atomic operation. */
export interface Counters {
  add(counter: Counter): Promise<Count>;
  takeBack(counter: Counter): Promise<void>;
  find(key: string): Promise<Count | undefined>;
  set(counter: Counter, count: number): Promise<void>;
  drop(key: string): Promise<void>;
}

/** The library decides by two numbers that are ours to decide by: the counts are all we ask it for. */
const counting = { points: 1, duration: 1, keyPrefix: 'assent:limit' };

/** Counters as the library keeps them. */
function countersOf(limiter: RateLimiterMemory | RateLimiterRedis): Counters {
  const asCount = ({ consumedPoints, msBeforeNext }: { consumedPoints: number; msBeforeNext: number }) => ({
    count: consumedPoints,
    left: Math.max(0, Math.ceil(msBeforeNext / 1000)),
  });
  return {
    add: async ({ key, seconds }) => asCount(await limiter.penalty(key, 1, { customDuration: seconds })),
    async takeBack({ key, seconds }) {
      await limiter.reward(key, 1, { customDuration: seconds });
    },
    async find(key) {
      const found = await limiter.get(key);
      // In memory what is over may still be there for a moment.
      return found === null || found.msBeforeNext <= 0 ? undefined : asCount(found);
    },
    async set({ key, seconds }, count) {
      await limiter.set(key, count, seconds);
    },
    async drop(key) {
      await limiter.delete(key);
    },
  };
}

/** Counters of this process alone. */
export const createMemoryCounters = () => countersOf(new RateLimiterMemory(counting));

/** Counters in Redis; of this process where it cannot be reached. */
export const createRedisCounters = (redis: RedisConnection) =>
  countersOf(
    new RateLimiterRedis({
      ...counting,
      insuranceLimiter: new RateLimiterMemory(counting),
      storeClient: redis,
      rejectIfRedisNotReady: true,
    }),
  );

/** A store of counters that can only be changed one by one. */
export function composed(counters: Counters): LimitStore {
  async function begin({ key, seconds, places }: Beginning): Promise<Begun> {
    const counted = await counters.add({ key, seconds });
    if (places === undefined) return { ...counted, placed: true };
    if (counted.count > places) return { ...counted, placed: false };
    const place = await counters.add({ key: placeKey(key, counted.count, places), seconds });
    return { ...counted, placed: place.count === 1 };
  }
  return {
    add: counters.add,
    find: counters.find,
    set: counters.set,
    async begin(beginnings, marks) {
      const marked = await Promise.all(marks.map(counters.find));
      return marked.some((one) => one !== undefined) ? undefined : Promise.all(beginnings.map(begin));
    },
    async end({ drop, takeBack }) {
      await Promise.all([...drop.map(counters.drop), ...takeBack.map(counters.takeBack)]);
    },
  };
}
