import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';

/** A change made on another node is seen within this time, in milliseconds. */
const FRESH = 1000;

export interface Cache<T> {
  /** The value of a key, as of at most a second ago; inside a transaction always as that transaction sees it. */
  get(key: string): Promise<T>;
  /** Forgets everything, after a change made here. */
  clear(): void;
}

/**
 * A small read-through cache for rows that every request needs and that seldom change. Callers that ask for
 * the same key at the same time share one query; a failed query is not remembered.
 */
export function createCache<T>(options: {
  db: Database;
  clock: Clock;
  max: number;
  load: (key: string) => Promise<T>;
}): Cache<T> {
  const { db, clock, max, load } = options;
  const entries = new LRUCache<string, { readonly value: T }>({
    max,
    ttl: FRESH,
    ttlResolution: 0,
    perf: { now: () => clock.now().getTime() },
    fetchMethod: async (key) => ({ value: await load(key) }),
  });
  return {
    async get(key) {
      if (db.inTransaction()) return load(key);
      return (await entries.forceFetch(key)).value;
    },
    clear: () => entries.clear(),
  };
}
