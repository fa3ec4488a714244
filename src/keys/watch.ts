import type { JWK } from 'jose';
import { type Polling, startPolling } from '../polling.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Follows the signing keys; see `Polling`. */
export type KeyWatch = Pick<Polling, 'poll' | 'close'>;

const kidsOf = (jwks: readonly JWK[]) => jwks.map(({ kid }) => String(kid));

const same = (some: readonly string[], others: readonly string[]) =>
  some.length === others.length && some.every((kid, index) => kid === others[index]);

/**
 * Keeps the signing keys (`SigningKeys.keep`) and says when they have changed, as long as a server runs. Through a fault of
 * the database the keys in use stay in use.
 *
 * @param inUse the keys that the caller has begun with, as `privateJwks` gave them
 * @param every seconds between two looks
 * @param onChange receives the live keys when their set or order is not that of `inUse` or of the last call; when it
 *   rejects, the next look calls it again
 * @param onError receives the first fault of an outage; those that follow until a look succeeds say the same
 */
export function createKeyWatch(options: {
  keys: Pick<SigningKeys, 'keep' | 'privateJwks'>;
  inUse: readonly JWK[];
  every: number;
  onChange: (privateJwks: readonly JWK[]) => void | Promise<void>;
  onError: (error: unknown) => void;
}): KeyWatch {
  const { keys, every, onChange, onError } = options;
  let known = kidsOf(options.inUse);

  async function compare(): Promise<void> {
    if (same(await keys.keep(), known)) return;
    const jwks = await keys.privateJwks();
    await onChange(jwks);
    // Of what was handed over, not of what `keep` saw: another node may have changed it in between.
    known = kidsOf(jwks);
  }

  return startPolling({ poll: compare, every: every * 1000, onError });
}
