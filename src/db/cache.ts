import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

export interface Cache<T> {
  /** The value of a key, as it was at most its freshness ago. */
  get(key: string): Promise<T>;
  /** Forgets everything, after a change made here. */
  clear(): void;
}

interface Entry<T> {
  /** When loading began: what changed since is not in the value. */
  readonly at: number;
  readonly value: Promise<T>;
  /** Milliseconds for which the value serves; until it is known, loading callers share it. */
  fresh: number;
}

/**
 * A small read-through cache. Callers that ask for the same key while it is fresh share one load; a failed load
 * is not remembered; a clock that steps back makes everything stale.
 *
 * @param fresh milliseconds for which a value serves, counted from the beginning of its load
 * @param bypass when it says true, the value is loaded for this caller alone
 */
export function createCache<T>(options: {
  clock: Clock;
  max: number;
  load: (key: string) => Promise<T>;
  fresh: (value: T) => number;
  bypass?: () => boolean;
}): Cache<T> {
  const { clock, max, load, fresh, bypass } = options;
  // A shared load belongs to no request: it must not run in the transaction that one of the callers begins meanwhile.
  const apart = AsyncLocalStorage.snapshot();
  const entries = new LRUCache<string, Entry<T>>({ max });

  function begin(key: string, at: number): Entry<T> {
    const entry: Entry<T> = { at, value: apart(load, key), fresh: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    entry.value.then(
      (value) => {
        entry.fresh = fresh(value);
      },
      () => {
        if (entries.peek(key) === entry) entries.delete(key);
      },
    );
    return entry;
  }

  return {
    async get(key) {
      if (bypass?.()) return load(key);
      const at = clock.now().getTime();
      const present = entries.get(key);
      const age = present === undefined ? Number.NaN : at - present.at;
      return present !== undefined && age >= 0 && age < present.fresh ? present.value : begin(key, at).value;
    },
    clear: () => entries.clear(),
  };
}

/** Freshness of rows that decide what a client may have: a change made on another node is seen within a second. */
export const ONE_SECOND = 1000;
