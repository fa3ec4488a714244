/** How many tries are free, how long one waits after failures that follow, and how many may be made at once. */
export interface Rule {
  /** Failures that may come one upon another; after the last of them one waits. */
  readonly free: number;
  /** Seconds to wait after the last free failure; the wait doubles with each failure that follows. */
  readonly first: number;
  /** Seconds that no wait exceeds: there is no lock but for a time. */
  readonly longest: number;
  /** Seconds after which failures are forgotten: since the first of them, and once one waits, since the last. */
  readonly memory: number;
  /** Attempts in one window that have failed, or of which nobody knows yet. */
  readonly most: number;
  /** Seconds. */
  readonly window: number;
  /** Whether `most` holds in any `window` seconds, or only in those since the first try. Costs one operation a try. */
  readonly sliding: boolean;
}

/**
 * Guesses at one account: four, then one after 30 s, 1, 2, 4 and 8 minutes, then every 15 minutes, until there was none
 * for an hour. Guesses that are sent at once are made before the first of them is known to be wrong: whatever comes when,
 * there are never more than ten in any 15 minutes (OWASP ASVS 6.3.1).
 */
export const ACCOUNT: Rule = {
  free: 4,
  first: 30,
  longest: 900,
  memory: 3600,
  most: 10,
  window: 900,
  sliding: true,
};

/**
 * Failed sign-ins from one source, whoever's account they name: enough for all who mistype behind the one address of a
 * hospital, little for somebody who tries one password on many accounts.
 */
export const SOURCE: Rule = {
  free: 100,
  first: 30,
  longest: 240,
  memory: 900,
  most: 200,
  window: 900,
  sliding: false,
};

/**
 * Failures at one account in all of the browsers together in which it signed in before: each of them has `ACCOUNT` for itself, but
 * whoever once knew the password may have made himself many. Enough for all that a person has, and it holds up nobody else.
 */
export const KNOWN: Rule = {
  free: 20,
  first: 30,
  longest: 900,
  memory: 3600,
  most: 30,
  window: 900,
  sliding: false,
};

/** Seconds to wait after the n-th failure; 0 while failures are free. */
export function waitAfter({ free, first, longest }: Rule, n: number): number {
  return n < free ? 0 : Math.min(longest, first * 2 ** Math.min(n - free, 20));
}
