import { type Counters, composed } from '../../../src/limits/counters.ts';
import type { LimitStore } from '../../../src/limits/index.ts';

/** Counters in memory, at a time that the test says. */
export interface TimedStore extends LimitStore {
  /** Seconds since the store was made. */
  now: number;
  /** All keys that were ever used. */
  readonly keys: ReadonlySet<string>;
}

/** A store for tests of rules: nothing expires but by `now`. */
export function createTimedStore(): TimedStore {
  const kept = new Map<string, { count: number; until: number }>();
  const keys = new Set<string>();

  function living(key: string) {
    keys.add(key);
    const found = kept.get(key);
    return found !== undefined && found.until > store.now ? found : undefined;
  }

  function add(key: string, seconds: number, count: number) {
    const found = living(key) ?? { count: 0, until: store.now + seconds };
    found.count += count;
    kept.set(key, found);
    return { count: found.count, left: Math.ceil(found.until - store.now) };
  }

  const counters: Counters = {
    add: async ({ key, seconds }) => add(key, seconds, 1),
    takeBack: async ({ key, seconds }) => void add(key, seconds, -1),
    async find(key) {
      const found = living(key);
      return found && { count: found.count, left: Math.ceil(found.until - store.now) };
    },
    async set({ key, seconds }, count) {
      kept.set(key, { count, until: store.now + seconds });
    },
    async drop(key) {
      kept.delete(key);
    },
  };
  const store: TimedStore = { now: 0, keys, ...composed(counters) };
  return store;
}
