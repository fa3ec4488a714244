/** How many tries are free, and how long one waits after those that follow. */
export interface Rule {
  /** Tries that may come one upon another; after the last of them one waits. */
  readonly free: number;
  /** Seconds to wait after the last free try; the wait doubles with each try that follows. */
  readonly first: number;
  /** Seconds that no wait exceeds: there is no lock but for a time. */
  readonly longest: number;
  /** Seconds after which tries are forgotten: since the first of them, and once one waits, since the last. */
  readonly memory: number;
}

/**
 * Guesses at one account: four at once, then one after 30 s, 1, 2, 4 and 8 minutes, then one every 15 minutes, until
 * there was none for an hour. So there are never more than ten in any 15 minutes (OWASP ASVS 6.3.1): two of a memory that
 * is just fading, and eight of the next.
 */
export const ACCOUNT: Rule = { free: 4, first: 30, longest: 900, memory: 3600 };

/**
 * Failed sign-ins from one source, whoever's account they name: enough for all who mistype behind the one address of a
 * hospital, little for somebody who tries one password on many accounts.
 */
export const SOURCE: Rule = { free: 100, first: 30, longest: 240, memory: 900 };

/** Seconds to wait after the n-th try; 0 while tries are free. */
export function waitAfter({ free, first, longest }: Rule, n: number): number {
  return n < free ? 0 : Math.min(longest, first * 2 ** Math.min(n - free, 20));
}
