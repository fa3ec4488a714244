import { type Rule, waitAfter } from './rules.ts';
import { type Begun, type LimitStore, placeKey } from './store.ts';

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
  /**
   * Ends tries that did not fail.
   *
   * @param forget of which all failures under their keys are forgotten, and they with the tries before them: no later one
   *   loses its place
   * @param takeBack as if they had not been made
   */
  end(tries: { forget?: readonly Taken[]; takeBack?: readonly Taken[] }): Promise<void>;
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
  const placeOf = ({ key, rule, number }: Taken) => placeKey(key, number, rule.most);
  const beginningOf = ({ key, rule }: Counted) => ({
    key,
    seconds: rule.window,
    places: rule.sliding ? rule.most : undefined,
  });

  async function waiting({ key, rule }: Counted): Promise<number> {
    const last = await store.find(lastKey(key));
    if (last === undefined) return 0;
    const failures = await store.find(failuresKey(key));
    const passed = rule.memory - last.left;
    return Math.max(0, waitAfter(rule, Math.max(last.count, failures?.count ?? 0)) - passed);
  }

  /** Counts the tries. @returns seconds to wait, where somebody has to who failed before */
  async function begin(counted: readonly Counted[]): Promise<readonly Begun[] | number> {
    const beginnings = counted.map(beginningOf);
    const marks = counted.map(({ key }) => lastKey(key));
    // Hardly anybody has failed so often as to wait: the second look is for those who may have.
    const begun = await store.begin(beginnings, marks);
    if (begun !== undefined) return begun;
    const longest = Math.max(...(await Promise.all(counted.map(waiting))));
    return longest > 0 ? longest : ((await store.begin(beginnings, [])) ?? []);
  }

  async function take({ key, rule }: Counted, begun: Begun | undefined): Promise<Taken | TooMany> {
    for (
      let one = begun;
      one !== undefined;
      [one] = (await store.begin([beginningOf({ key, rule })], [])) ?? []
    ) {
      if (one.count > rule.most) {
        await store.end({ drop: [], takeBack: [beginningOf({ key, rule })] });
        return { retryAfter: Math.max(1, one.left) };
      }
      if (one.placed) return { key, rule, number: one.count };
    }
    throw new Error('a try was not counted');
  }

  /** The keys of a try's place, and of those before it in its window. */
  function placesUpTo(taken: Taken): string[] {
    if (!taken.rule.sliding) return [];
    const upToThis = Array.from({ length: Math.max(1, taken.number) }, (_, at) => at + 1);
    return upToThis.map((number) => placeOf({ ...taken, number }));
  }

  async function end({ forget = [], takeBack = [] }: Parameters<Attempts['end']>[0]): Promise<void> {
    const forgotten = forget.flatMap((taken) => {
      const { key } = taken;
      return [key, failuresKey(key), lastKey(key), ...placesUpTo(taken)];
    });
    const freed = takeBack.filter(({ rule }) => rule.sliding).map(placeOf);
    await store.end({ drop: [...forgotten, ...freed], takeBack: takeBack.map(beginningOf) });
  }

  return {
    end,
    async take(counted) {
      const begun = await begin(counted);
      if (typeof begun === 'number') return { retryAfter: begun };
      const answers = await Promise.all(counted.map((one, at) => take(one, begun[at])));
      const taken = answers.filter((answer) => 'number' in answer);
      const refusals = answers.filter((answer) => 'retryAfter' in answer);
      if (refusals.length === 0) return taken;
      if (taken.length > 0) await end({ takeBack: taken });
      return { retryAfter: Math.max(...refusals.map(({ retryAfter }) => retryAfter)) };
    },
    async failed({ key, rule }) {
      const { memory } = rule;
      const [failures, last] = await Promise.all([
        store.add({ key: failuresKey(key), seconds: memory }),
        store.find(lastKey(key)),
      ]);
      // The count is forgotten an hour after the first failure, whoever is waiting; the last one is not.
      const count = Math.max(failures.count, (last?.count ?? 0) + 1);
      const wait = waitAfter(rule, count);
      if (wait > 0) await store.set({ key: lastKey(key), seconds: memory }, count);
      return wait;
    },
  };
}
