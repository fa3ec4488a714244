import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** Seconds for which a browser stays known after a sign-in: half a year, for people who come twice a year. */
export const KNOWN_FOR = 180 * 24 * 60 * 60;

/**
 * Accounts that one browser is known for: eight who share a computer at home, or on a ward, each by the name that she types and
 * by her account.
 */
const MOST_ACCOUNTS = 16;

/**
 * Knows browsers in which an account signed in before (OWASP device cookies), so that whoever guesses at a password
 * elsewhere does not keep its owner out. The value of the cookie is random, expires and is signed; to whom it belongs
 * can be checked, but not read from it.
 */
export interface KnownBrowsers {
  /** The nonce under which a browser is known for an account; undefined for a stranger. */
  find(value: string | undefined, account: string): string | undefined;
  /** The value that makes a browser known for an account, beside those it is known for already. */
  add(value: string | undefined, account: string): string;
}

/** `{nonce}.{expiry, seconds since 1970}.{signature}`, and `~` between those of several accounts. */
const entry = /^([\w-]{22})\.(\d{1,11})\.([\w-]{43})$/;

/** @param key secret, the same on all nodes */
export function createKnownBrowsers(options: { key: string; clock: Clock }): KnownBrowsers {
  const { key, clock } = options;

  const make = (account: string, nonce: string, expiry: string) => {
    const signature = createHmac('sha256', key).update(JSON.stringify(['browser', account, nonce, expiry]));
    return `${nonce}.${expiry}.${signature.digest('base64url')}`;
  };

  /** What could be an entry and has not expired; whose it is only its signature tells. */
  const living = (value = '') =>
    value.split('~', MOST_ACCOUNTS).flatMap((text) => {
      const [, nonce = '', expiry = ''] = entry.exec(text) ?? [];
      return Number(expiry) > clock.seconds() ? [{ text, nonce, expiry }] : [];
    });

  const belongs = ({ text, nonce, expiry }: ReturnType<typeof living>[number], account: string) =>
    timingSafeEqual(Buffer.from(text), Buffer.from(make(account, nonce, expiry)));

  return {
    find: (value, account) => living(value).find((one) => belongs(one, account))?.nonce,
    add(value, account) {
      const others = living(value).filter((one) => !belongs(one, account));
      const nonce = randomBytes(16).toString('base64url');
      const own = make(account, nonce, String(clock.seconds() + KNOWN_FOR));
      return [own, ...others.map(({ text }) => text)].slice(0, MOST_ACCOUNTS).join('~');
    },
  };
}
