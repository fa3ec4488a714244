import type { Clock } from '../clock.ts';
import { isOfRun, noteRun, type Run } from '../db/index.ts';
import { startPolling } from '../polling.ts';
import type { Revocation, Revocations, TokenIds } from './revocations.ts';

/** How often a node looks for what was taken back, in milliseconds. */
export const LOOK_EVERY = 250;

/**
 * How long after its beginning a look still counts, in milliseconds. What was taken back is refused everywhere within a
 * second, so a list that is older decides nothing.
 */
const FRESH = 900;

/** What a node knows of tokens that were taken back. */
export interface DenyList {
  /**
   * Whether a token, or the grant that it came from, was taken back, or that grant narrowed since. Answered from memory; from the database where the list
   * is too old. @throws DatabaseUnavailable when that fails
   */
  has(ids: TokenIds): Promise<boolean>;
  /** Polls now. A poll that is under way may have begun too early, so another one follows it. Never rejects. */
  poll(): Promise<void>;
  /** How many revocations are in memory. */
  size(): number;
  /** Milliseconds since the last good look began. */
  age(): number;
  /** How far this node's clock was from the database's at the last good look, in milliseconds. */
  skew(): number;
  /** Ends the looking and waits for a look under way. */
  close(): Promise<void>;
}

const keyOf = (kind: Revocation['kind'], id: string) => `${kind}:${id}`;

/**
 * Keeps what was taken back in memory, as long as it matters, and follows the database.
 *
 * @param every milliseconds between two looks
 * @param onError receives the first fault of an outage; those that follow until a look succeeds say the same
 */
export function createDenyList(options: {
  revocations: Revocations;
  clock: Clock;
  every?: number;
  onError: (error: unknown) => void;
}): DenyList {
  const { revocations, clock, every = LOOK_EVERY, onError } = options;
  const known = new Map<string, number>();
  /** Grants that go on with less: up to which version of the decision, and until when that matters. */
  const narrowed = new Map<string, { toVersion: number; end: number }>();
  const now = () => clock.now().getTime();
  let horizon = 0n;
  let run: Run | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let skew = 0;

  async function read(): Promise<void> {
    const begun = now();
    // What a clock that was ahead took for over may not be.
    const from = begun < lookedAt ? 0n : horizon;
    // Whatever answers after a look that failed may be another server.
    horizon = 0n;
    let added = await revocations.since(from);
    // Transactions of another database, server or run of it count from another number, which may be past ours by now.
    if (from > 0n && (added.horizon < from || !isOfRun(run, added))) added = await revocations.since(0n);
    for (const { kind, id, expiresAt } of added.revocations) known.set(keyOf(kind, id), expiresAt.getTime());
    for (const { grant, toVersion, expiresAt } of added.narrowings)
      narrowed.set(grant, { toVersion, end: expiresAt.getTime() });
    horizon = added.horizon;
    run = noteRun(run, added);
    skew = Math.abs(added.at.getTime() - now());
    lookedAt = begun;
    for (const [key, end] of known) if (end <= begun) known.delete(key);
    for (const [grant, { end }] of narrowed) if (end <= begun) narrowed.delete(grant);
  }

  function hasGrant(grant: string, version: number): boolean {
    return known.has(keyOf('grant', grant)) || (narrowed.get(grant)?.toVersion ?? -1) >= version;
  }

  const polling = startPolling({ poll: read, every, onError });
  return {
    async has(ids) {
      const age = now() - lookedAt;
      // A clock that steps back makes the list as old as one that stands still.
      if (age < 0 || age >= FRESH) return revocations.has(ids, clock.now());
      const { token, grant, version = 0 } = ids;
      return known.has(keyOf('token', token)) || (grant !== undefined && hasGrant(grant, version));
    },
    poll: polling.pollAgain,
    size: () => known.size + narrowed.size,
    age: () => now() - lookedAt,
    skew: () => skew,
    close: polling.close,
  };
}
