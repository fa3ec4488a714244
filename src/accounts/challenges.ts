import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** What a challenge is for: making a passkey, or signing in with one. */
export type Ceremony = 'create' | 'get';

/** Where a challenge may be answered. */
export interface Occasion {
  readonly ceremony: Ceremony;
  /** What the page is about, such as the id of an interaction; the same that its forms are bound to. */
  readonly page: string;
  /** Whose passkey it must be; undefined where whoever has one may answer. */
  readonly accountId: string | undefined;
}

/** Seconds for which a challenge may be answered: people look for a telephone, or for their glasses. */
export const CHALLENGE_LIFE = 300;

const RANDOM_BYTES = 16;
const EXPIRY_BYTES = 6;
const MAC_BYTES = 32;

/** Challenges that prove themselves: nothing is stored until one is answered. */
export interface Challenges {
  create(occasion: Occasion): Uint8Array<ArrayBuffer>;
  /** Until when a challenge is good; undefined for one that is not ours, is for something else, or is over. */
  expiry(challenge: Uint8Array, occasion: Occasion): Date | undefined;
}

/**
 * WebAuthn challenges (Level 3 section 13.4.3: random, 16 bytes or more, and only once): random bytes, the time of their
 * end and an HMAC over both and the occasion. That one is used once only, `replay_guards` sees to when it is answered.
 *
 * @param key secret, the same on all nodes
 */
export function createChallenges({ key, clock }: { key: string; clock: Clock }): Challenges {
  const mac = (body: Uint8Array, { ceremony, page, accountId = '' }: Occasion) =>
    createHmac('sha256', key)
      .update(JSON.stringify([ceremony, page, accountId]))
      .update(body)
      .digest();

  return {
    create(occasion) {
      const expiry = Buffer.alloc(EXPIRY_BYTES);
      expiry.writeUIntBE(clock.seconds() + CHALLENGE_LIFE, 0, EXPIRY_BYTES);
      const body = Buffer.concat([randomBytes(RANDOM_BYTES), expiry]);
      return Uint8Array.from(Buffer.concat([body, mac(body, occasion)]));
    },
    expiry(challenge, occasion) {
      if (challenge.length !== RANDOM_BYTES + EXPIRY_BYTES + MAC_BYTES) return undefined;
      const bytes = Buffer.from(challenge);
      const body = bytes.subarray(0, RANDOM_BYTES + EXPIRY_BYTES);
      if (!timingSafeEqual(bytes.subarray(body.length), mac(body, occasion))) return undefined;
      const end = body.readUIntBE(RANDOM_BYTES, EXPIRY_BYTES);
      return end > clock.seconds() ? new Date(end * 1000) : undefined;
    },
  };
}
