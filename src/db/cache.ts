import { AsyncLocalStorage } from 'node:async_hooks';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

export interface Cache<T> {
  /** The value of a key, as it was at most its freshness before this call, however long the load takes. */
  get(key: string): Promise<T>;
  /** Forgets everything, after a change made here. */
  clear(): void;
}

interface Entry<T> {
  /** When loading began: what changed since is not in the value. */
  readonly at: number;
  readonly value: Promise<T>;
  /** Milliseconds for which the value serves, from `at` on; while it is being loaded, for which callers join. */
  fresh: number;
}

/**
 * A small read-through cache. Callers that ask for the same key while it is fresh share one load; a failed load
 * is not remembered; a clock that steps back makes everything stale.
 *
 * A load under way is joined only as long as its value can be fresh: what a caller gets is never older than if nothing had
 * been slow. However slow it is and whoever asks, one load of a key begins in that time.
 *
 * @param fresh milliseconds for which a value serves, and for which a load under way is joined, both counted from the
 *   beginning of the load
 * @param freshOf where values serve for different times: that of this one; `fresh` is then the shortest of them
 * @param bypass when it says true, the value is loaded for this caller alone
 */
export function createCache<T>(options: {
  clock: Clock;
  max: number;
  load: (key: string) => Promise<T>;
  fresh: number;
  freshOf?: (value: T) => number;
  bypass?: () => boolean;
}): Cache<T> {
  const { clock, max, load, fresh, freshOf = () => fresh, bypass } = options;
  // A shared load belongs to no request: it must not run in the transaction that one of the callers begins meanwhile.
  const apart = AsyncLocalStorage.snapshot();
  const entries = new LRUCache<string, Entry<T>>({ max });

  function begin(key: string, at: number): Entry<T> {
    const entry: Entry<T> = { at, value: apart(load, key), fresh };
    entries.set(key, entry);
    entry.value.then(
      (value) => {
        entry.fresh = freshOf(value);
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
