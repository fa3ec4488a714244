import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Mail } from '../mail/index.ts';
import type { Account } from './account.ts';
import type { CredentialChange, Notify } from './credential-change.ts';
import { formatIn } from './mail-dates.ts';

const statements = {
  reader: {
    name: 'notices_reader',
    text: `SELECT name, email, language FROM accounts
           WHERE id = $1 AND email_verified_at IS NOT NULL AND disabled_at IS NULL`,
  },
} satisfies Record<string, Statement>;

/** New browsers that somebody is told of in a day, of each kind: no mailbox is filled by whoever knows a password. */
const MOST_NEW_BROWSERS = 5;

/** What a mail says about a change: keys in `locales/`. */
const changes: Readonly<Record<CredentialChange, string>> = {
  'password-changed': 'mail.change.passwordChanged',
  'passkey-added': 'mail.change.passkeyAdded',
  'passkey-removed': 'mail.change.passkeyRemoved',
  'authenticator-added': 'mail.change.authenticatorAdded',
  'authenticator-changed': 'mail.change.authenticatorChanged',
  'authenticator-removed': 'mail.change.authenticatorRemoved',
  'recovery-codes-made': 'mail.change.recoveryCodesMade',
  'recovery-code-used': 'mail.change.recoveryCodeUsed',
  'factors-reset': 'mail.change.factorsReset',
  linked: 'mail.change.linked',
  unlinked: 'mail.change.unlinked',
};

/** Tells people by mail what happened to their account. */
export interface Notices {
  /**
   * Tells somebody that she signed in in a browser that was not known for her account, or only that her password was right
   * there; nothing without a verified address, and no more than a few times a day. One statement.
   */
  newSignIn(account: Account, proof: 'password' | 'other'): Promise<void>;
  /** Tells somebody that the way in which she signs in was changed; nothing without a verified address. */
  readonly credentialChanged: Notify;
}

/** @param timeZone in which times are told @param issuer beginning of links */
export function createNotices(options: {
  db: Database;
  clock: Clock;
  mail: Mail;
  issuer: string;
  timeZone: string;
}): Notices {
  const { db, clock, mail, issuer, timeZone } = options;
  return {
    async newSignIn({ id, name, email, language }, proof) {
      if (email === undefined) return;
      const now = clock.now();
      const told = (style: Intl.DateTimeFormatOptions) => formatIn(language, { ...style, timeZone })(now);
      const values = {
        name,
        day: told({ dateStyle: 'long' }),
        time: told({ timeStyle: 'short' }),
        reset: `${issuer}/account/reset`,
        devices: `${issuer}/account/devices`,
      };
      const kind = proof === 'password' ? 'newSignIn' : 'newBrowser';
      await mail.write({ kind, accountId: id, to: email, language, values, mostADay: MOST_NEW_BROWSERS });
    },
    async credentialChanged(accountId, change) {
      const [row] = await db.query<{ name: string; email: string; language: string | null }>(
        statements.reader,
        [accountId],
      );
      if (row === undefined) return;
      const language = row.language ?? undefined;
      const values = {
        name: row.name,
        change: mail.sentence(changes[change], language),
        reset: `${issuer}/account/reset`,
      };
      await mail.write({ kind: 'credentialChanged', accountId, to: row.email, language, values });
    },
  };
}
