import type { Obtained } from './load.ts';
import type { Verifier } from './verifiers.ts';

/** Failures that are kept; one is enough to fail a test. */
const KEPT = 20;

/** A token that has fewer seconds left is no longer shown: it might end while it is looked at. */
const LEAST_LEFT = 5;

/** What has become of tokens that were signed with one key. All times are seconds since 1970. */
export interface KeySeen {
  /** When the first of its tokens was made. */
  readonly firstSigned: number;
  /** When a token of it was verified for the last time. */
  lastVerified: number;
  /** How old the oldest copy of the key set was, in seconds, when the key began to sign, of those that verified its tokens. */
  oldestCopy: number;
}

export interface Checks {
  readonly count: () => number;
  /** The first verifications that failed, and why. */
  readonly failures: readonly string[];
  /** By kid, in the order in which the keys began to sign. */
  readonly keys: ReadonlyMap<string, KeySeen>;
  /** Adds verifiers. */
  join(...verifiers: readonly Verifier[]): void;
  /** Has a token verified by one verifier, by the next one the next time. */
  byOne(token: Obtained): Promise<void>;
  /** Has tokens verified by everybody; not those that are at their end. */
  byAll(tokens: readonly Obtained[]): Promise<void>;
}

/** Counts and remembers what verifiers find. */
export function createChecks(): Checks {
  const verifiers: Verifier[] = [];
  const failures: string[] = [];
  const keys = new Map<string, KeySeen>();
  let count = 0;
  let turn = 0;

  function seen({ kid, iat }: Obtained): KeySeen {
    const key = keys.get(kid) ?? { firstSigned: iat, lastVerified: 0, oldestCopy: 0 };
    keys.set(kid, key);
    return key;
  }

  async function check(verifier: Verifier, one: Obtained): Promise<void> {
    const key = seen(one);
    if (one.exp - Date.now() / 1000 < LEAST_LEFT) return;
    try {
      const copied = await verifier.verify(one.token);
      const now = Date.now() / 1000;
      count += 1;
      key.lastVerified = Math.max(key.lastVerified, now);
      if (copied !== undefined)
        key.oldestCopy = Math.max(key.oldestCopy, Math.floor(key.firstSigned - copied / 1000));
    } catch (error) {
      const age = Math.round(Date.now() / 1000 - one.iat);
      if (failures.length < KEPT)
        failures.push(`${verifier.name}: ${one.source}, ${one.kid}, ${age} s old: ${error}`);
    }
  }

  return {
    count: () => count,
    failures,
    keys,
    join: (...more) => void verifiers.push(...more),
    async byOne(token) {
      const verifier = verifiers[turn % verifiers.length];
      turn += 1;
      if (verifier !== undefined) await check(verifier, token);
    },
    async byAll(tokens) {
      for (const verifier of verifiers) await Promise.all(tokens.map((token) => check(verifier, token)));
    },
  };
}
