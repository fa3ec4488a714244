import type { JWK } from 'jose';
import type { SigningKeys } from './signing-keys.ts';

export interface KeyWatch {
  /** Looks now; a look that is under way is shared. Never rejects. */
  look(): Promise<void>;
  /** Ends the watch and waits for a look under way. */
  close(): Promise<void>;
}

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
  let failing = false;
  let closed = false;
  let underWay: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function compare(): Promise<void> {
    if (same(await keys.keep(), known)) return;
    const jwks = await keys.privateJwks();
    await onChange(jwks);
    // Of what was handed over, not of what `keep` saw: another node may have changed it in between.
    known = kidsOf(jwks);
  }

  async function once(): Promise<void> {
    try {
      await compare();
      failing = false;
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
    } finally {
      underWay = undefined;
    }
  }

  function look(): Promise<void> {
    underWay ??= once();
    return underWay;
  }

  /** One after the other: a look that takes longer than the pause must not meet the next. */
  function wait(): void {
    timer = setTimeout(async () => {
      await look();
      if (!closed) wait();
    }, every * 1000).unref();
  }

  wait();
  return {
    look,
    async close() {
      closed = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
