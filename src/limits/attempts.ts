import { type Rule, waitAfter } from './rules.ts';
import type { LimitStore } from './store.ts';

/** What tries are counted under, and by which rule. */
export interface Counted {
  /** Says nothing to whoever reads the store. */
  readonly key: string;
  readonly rule: Rule;
}

/** An attempt that may be made. It is counted already. */
export interface Taken extends Counted {
  /** Its place among the attempts of its window, from 1. */
  readonly number: number;
}

/** An attempt that may not be made, and is not counted. */
export interface TooMany {
  /** Seconds, 1 or more. */
  readonly retryAfter: number;
}

/** Counts tries before they are made, and those that failed once that is known. */
export interface Attempts {
  /** Counts a try under all of the keys, or under none. However many come at once, the rules hold. */
  take(counted: readonly Counted[]): Promise<readonly Taken[] | TooMany>;
  /** Counts a failure; the try stays counted. @returns seconds that the next try must wait, 0 for none */
  failed(taken: Taken): Promise<number>;
  /** As if a try had not been made. */
  takeBack(taken: Taken): Promise<void>;
  /** Forgets all failures under a key, and this try with those before it: no later one loses its place. */
  forget(taken: Taken): Promise<void>;
}

/**
 * Counts under each key:
 *
 * - the tries of a window that began with the first of them;
 * - where the rule holds for any window, places, each of which is taken for one window: a new window skips the places
 *   that tries of the one before still have;
 * - failures, and at which of them the wait began that is running. That is set anew with each failure; of failures
 *   at once the last to set it may be one of the first, so the greater count of both tells the wait.
 */
export function createAttempts({ store }: { store: LimitStore }): Attempts {
  const failuresKey = (key: string) => `${key}:failed`;
  const lastKey = (key: string) => `${key}:last`;
  // Never more places than the rule allows: what is taken back from a count that is over makes it negative.
  const placeKey = ({ key, rule, number }: Taken) => `${key}:${Math.abs(number) % rule.most}`;

  async function waiting({ key, rule }: Counted): Promise<number> {
    const last = await store.find(lastKey(key));
    // Hardly anybody waits: the second look is for those who may.
    if (last === undefined) return 0;
    const failures = await store.find(failuresKey(key));
    const passed = rule.memory - last.left;
    return Math.max(0, waitAfter(rule, Math.max(last.count, failures?.count ?? 0)) - passed);
  }

  async function takeOne({ key, rule }: Counted): Promise<Taken | TooMany> {
    for (;;) {
      const { count: number, left } = await store.add(key, rule.window);
      if (number > rule.most) {
        await store.takeBack(key, rule.window);
        return { retryAfter: Math.max(1, left) };
      }
      const taken = { key, rule, number };
      if (!rule.sliding) return taken;
      const place = await store.add(placeKey(taken), rule.window);
      if (place.count === 1) return taken;
    }
  }

  async function takeBack(taken: Taken): Promise<void> {
    const { key, rule } = taken;
    const place = rule.sliding ? [store.drop(placeKey(taken))] : [];
    await Promise.all([store.takeBack(key, rule.window), ...place]);
  }

  return {
    async take(counted) {
      const longest = Math.max(...(await Promise.all(counted.map(waiting))));
      if (longest > 0) return { retryAfter: longest };
      const answers = await Promise.all(counted.map(takeOne));
      const taken = answers.filter((answer) => 'number' in answer);
      const refusals = answers.filter((answer) => 'retryAfter' in answer);
      if (refusals.length === 0) return taken;
      await Promise.all(taken.map(takeBack));
      return { retryAfter: Math.max(...refusals.map(({ retryAfter }) => retryAfter)) };
    },
    async failed({ key, rule }) {
      const [failures, last] = await Promise.all([
        store.add(failuresKey(key), rule.memory),
        store.find(lastKey(key)),
      ]);
      // The count is forgotten an hour after the first failure, whoever is waiting; the last one is not.
      const count = Math.max(failures.count, (last?.count ?? 0) + 1);
      const wait = waitAfter(rule, count);
      if (wait > 0) await store.set(lastKey(key), count, rule.memory);
      return wait;
    },
    takeBack,
    async forget(taken) {
      const { key, rule, number } = taken;
      const upToThis = Array.from({ length: rule.sliding ? Math.max(1, number) : 0 }, (_, at) => at + 1);
      const places = upToThis.map((one) => placeKey({ ...taken, number: one }));
      await Promise.all([key, failuresKey(key), lastKey(key), ...places].map(store.drop));
    },
  };
}
