import { createHmac } from 'node:crypto';
import { asIdentifier } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import { type Counted, createAttempts, type TooMany } from './attempts.ts';
import { createKnownBrowsers } from './known-browsers.ts';
import { networkOf } from './network.ts';
import { ACCOUNT, KNOWN, SOURCE } from './rules.ts';
import type { LimitStore } from './store.ts';

/** Somebody is about to have a password checked, or to have a mail sent. */
export interface Attempt {
  /** A name as it was typed; with `of`, the id of an account. */
  readonly identifier: string;
  /**
   * What of an account is tried, where it is known whose it is: each is counted apart, and apart from names, so that nobody who
   * types something keeps anybody else from it.
   */
  readonly of?: 'password' | 'address' | 'reset-code' | 'first-password';
  /** Counts a name for each source apart: nobody elsewhere keeps its owner from what anybody may ask for. */
  readonly eachSource?: boolean;
  /** The address from which the request came, as `door` tells. */
  readonly source: string;
  /** Value of the browser's cookie, if it sent one. */
  readonly known: string | undefined;
}

/** Leave to check one password. Exactly one of its functions is called when the answer is known. */
export interface Leave {
  /** Whether somebody signed in to this account in this browser before. */
  readonly known: boolean;
  /** The password was right: forgets the tries at the account, and the source's own one. @returns value for the cookie */
  succeeded(): Promise<string>;
  /** The password was wrong: from some failures on, the next try has to wait. */
  failed(): Promise<void>;
  /** The password was not looked at after all. */
  unused(): Promise<void>;
}

/** An account's limit was reached. */
export interface Limited {
  /** As it was typed, whether or not somebody has it; the id of the account for a code. Not for keeping. */
  readonly identifier: string;
  readonly source: string;
  /** Seconds until the next try. */
  readonly wait: number;
}

/** Leave to check one code. Exactly one of its functions is called when the answer is known. */
export type CodeLeave = { succeeded(): Promise<void> } & Pick<Leave, 'failed'>;

/** Stands between the forms of a sign-in and what is checked: counts tries before any password is hashed. */
export interface SignInGuard {
  /** Counts a try. Names that nobody has are counted as all others are. */
  attempt(attempt: Attempt): Promise<Leave | TooMany>;
  /**
   * Counts a try at a one-time code or a recovery code, by whoever has proved the first half: as many as at a password, but
   * counted apart, in whatever browser.
   */
  attemptCode(attempt: { readonly accountId: string; readonly source: string }): Promise<CodeLeave | TooMany>;
  /** Whether somebody signed in to an account in a browser before, in whichever way. @param value of its cookie */
  knows(value: string | undefined, accountId: string): boolean;
  /** The value by which a browser is known for an account, beside what it is known for already. */
  remember(value: string | undefined, accountId: string): string;
}

/**
 * Counts tries per account and per source; in a browser where the account signed in before, in a count of its own and in one of
 * all such browsers instead of both. Nothing in the store tells who tried to sign in, or from where.
 *
 * @param issuer keeps apart systems that share a Redis
 * @param key secret, the same on all nodes
 * @param onLimited called with each failed try after which an account, or a browser it is known in, has to wait
 */
export function createSignInGuard(options: {
  store: LimitStore;
  clock: Clock;
  issuer: string;
  key: string;
  onLimited: (limited: Limited) => Promise<void>;
}): SignInGuard {
  const { store, clock, issuer, key, onLimited } = options;
  const attempts = createAttempts({ store });
  const browsers = createKnownBrowsers({ key, clock });
  const digest = (kind: string, value: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([issuer, kind, value]))
      .digest('base64url');

  return {
    async attempt({ identifier, of, eachSource = false, source, known }) {
      const named = asIdentifier(identifier) ?? identifier;
      const counted = eachSource ? JSON.stringify([named, networkOf(source)]) : named;
      const account = of === undefined ? digest('account', counted) : digest(`${of} of account`, identifier);
      const nonce = browsers.find(known, account);
      const own: Counted = {
        key: nonce === undefined ? account : digest('browser', nonce),
        rule: ACCOUNT,
      };
      const shared: Counted =
        nonce === undefined
          ? { key: digest('source', networkOf(source)), rule: SOURCE }
          : { key: digest('known browsers', account), rule: KNOWN };
      const taken = await attempts.take([own, shared]);
      if ('retryAfter' in taken) return taken;

      return {
        known: nonce !== undefined,
        async succeeded() {
          const { forget, takeBack } = Object.groupBy(taken, ({ key }) =>
            key === own.key ? 'forget' : 'takeBack',
          );
          await attempts.end({ forget, takeBack });
          return browsers.add(known, account);
        },
        async failed() {
          const [wait = 0] = await Promise.all(taken.map(attempts.failed));
          if (wait > 0) await onLimited({ identifier, source, wait });
        },
        async unused() {
          await attempts.end({ takeBack: taken });
        },
      };
    },
    knows: (value, accountId) => browsers.find(value, digest('account id', accountId)) !== undefined,
    remember: (value, accountId) => browsers.add(value, digest('account id', accountId)),
    async attemptCode({ accountId, source }) {
      const taken = await attempts.take([{ key: digest('code', accountId), rule: ACCOUNT }]);
      if ('retryAfter' in taken) return taken;
      return {
        async succeeded() {
          await attempts.end({ forget: taken });
        },
        async failed() {
          const [wait = 0] = await Promise.all(taken.map(attempts.failed));
          if (wait > 0) await onLimited({ identifier: accountId, source, wait });
        },
      };
    },
  };
}
