/** What was counted under a key. */
export interface Count {
  readonly count: number;
  /** Seconds until it is forgotten, rounded up. */
  readonly left: number;
}

/** A counter, and how long it lives once it has begun. One that is there keeps the life that it has. */
export interface Counter {
  readonly key: string;
  /** Seconds. */
  readonly seconds: number;
}

/** A counter at the beginning of a try. */
export interface Beginning extends Counter {
  /** Whose number also takes a place of its own, `placeKey`, for as long: how many places there are. */
  readonly places?: number | undefined;
}

/** A try that was counted. */
export interface Begun extends Count {
  /** Whether its place was free; true where there are no places. False where the number is beyond them. */
  readonly placed: boolean;
}

/** Counters that all nodes share, each for a time. What happens to one counter happens at once. */
export interface LimitStore {
  /**
   * Counts one more under each key, but nothing where something is counted under one of `marks`.
   *
   * @returns in the order of the keys; undefined where nothing was counted
   */
  begin(counters: readonly Beginning[], marks: readonly string[]): Promise<readonly Begun[] | undefined>;
  /** Forgets some counters, and takes one back from others. */
  end(change: { drop: readonly string[]; takeBack: readonly Counter[] }): Promise<void>;
  /** Counts one more. */
  add(counter: Counter): Promise<Count>;
  find(key: string): Promise<Count | undefined>;
  set(counter: Counter, count: number): Promise<void>;
}

/** Where a try has its place. Never more than `places`: what is taken back from a count that is over makes it negative. */
export const placeKey = (key: string, number: number, places: number) =>
  `${key}:${Math.abs(number) % places}`;
