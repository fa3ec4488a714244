import { type Rule, waitAfter } from './rules.ts';
import type { LimitStore } from './store.ts';

/** What tries are counted under, and by which rule. */
export interface Counted {
  /** Says nothing to whoever reads the store. */
  readonly key: string;
  readonly rule: Rule;
}

/** A try that may be made. It is counted already. */
export interface Taken {
  /** Seconds that the next one must wait, unless this one is forgotten or taken back; 0 for none. */
  readonly wait: number;
}

/** A try that may not be made, and is not counted. */
export interface TooMany {
  /** Seconds, 1 or more. */
  readonly retryAfter: number;
}

/** Counts tries before they are made. */
export interface Tries {
  /** Counts a try under all of the keys, or under none. However many come at once, the rule holds. */
  take(counted: readonly Counted[]): Promise<readonly Taken[] | TooMany>;
  /** As if a try had not been made. */
  takeBack(counted: Counted, taken: Taken): Promise<void>;
  /** Forgets all tries under a key. */
  forget(counted: Counted): Promise<void>;
}

/**
 * Counts tries in two counters a key: how many there were, and the wait, which exists for as long as it lasts. Of those
 * who come at once when the free tries are used up, the one who counts the wait first may try.
 */
export function createTries({ store }: { store: LimitStore }): Tries {
  const waitKey = (key: string) => `${key}:wait`;
  const waiting = async ({ key }: Counted) => (await store.find(waitKey(key)))?.left ?? 0;

  async function takeOne({ key, rule }: Counted): Promise<Taken | TooMany> {
    const { count } = await store.add(key, rule.memory);
    const wait = waitAfter(rule, count);
    if (wait === 0) return { wait };
    const gate = await store.add(waitKey(key), wait);
    if (gate.count > 1) return { retryAfter: Math.max(1, gate.left) };
    // Lengthens the life. What others count meanwhile is refused, so it may be lost: they must not take it back.
    await store.set(key, count, rule.memory);
    return { wait };
  }

  async function takeBack({ key, rule }: Counted, { wait }: Taken): Promise<void> {
    await store.takeBack(key, rule.memory);
    if (wait > 0) await store.drop(waitKey(key));
  }

  return {
    async take(counted) {
      const waits = await Promise.all(counted.map(waiting));
      const longest = Math.max(...waits);
      if (longest > 0) return { retryAfter: longest };
      const answers = await Promise.all(counted.map(takeOne));
      const refusals = answers.filter((answer) => 'retryAfter' in answer);
      if (refusals.length === 0) return answers.filter((answer) => 'wait' in answer);
      await Promise.all(
        counted.map(async (one, at) => {
          const answer = answers[at];
          if (answer !== undefined && 'wait' in answer) await takeBack(one, answer);
        }),
      );
      return { retryAfter: Math.max(...refusals.map(({ retryAfter }) => retryAfter)) };
    },
    takeBack,
    async forget({ key }) {
      await Promise.all([store.drop(key), store.drop(waitKey(key))]);
    },
  };
}
