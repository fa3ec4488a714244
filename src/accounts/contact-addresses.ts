import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Mail } from '../mail/index.ts';
import type { Account, Signed } from './account.ts';
import { createHoldAccount } from './half-done.ts';
import type { Links } from './links.ts';

/** Seconds for which a link to a new address is good. */
const LINK_LIFE = 24 * 3600;

const statements = {
  // What it was before is read and locked in the same statement: the notice goes to that address.
  set: {
    name: 'contact_addresses_set',
    text: `UPDATE accounts a SET email = $2, email_verified_at = $3, updated_at = $3
           FROM (SELECT id, email, email_verified_at FROM accounts WHERE id = $1 FOR UPDATE) before
           WHERE a.id = before.id AND a.disabled_at IS NULL
           RETURNING a.name, a.language, CASE WHEN before.email_verified_at IS NOT NULL THEN before.email END AS before`,
  },
} satisfies Record<string, Statement>;

/** Whose an open link is, and which address it is to prove. */
export interface AddressLink {
  readonly accountId: string;
  readonly email: string;
}

/** The addresses at which people are reached. One counts once a link that was sent to it was opened by its account. */
export interface ContactAddresses {
  /**
   * Sends a link to a new address, which takes the place of an open one. Part of the caller's transaction, if there is one.
   *
   * @param account as it was found with whoever is signed in; where that counts no more, nothing is sent
   */
  ask(account: Signed & Pick<Account, 'name' | 'language'>, email: string): Promise<void>;
  /** What a link is about; undefined where it is over. */
  find(token: string): Promise<AddressLink | undefined>;
  /**
   * Takes an address over that a link proves, with an audit row and a notice to the address before.
   *
   * @param account who is signed in, as it was found with her: nobody else's link counts
   * @returns false where the link is over or another account's, or what she is signed in by counts no more
   */
  confirm(token: string, account: Signed): Promise<boolean>;
}

/** @param issuer beginning of the link */
export function createContactAddresses(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  links: Links;
  mail: Mail;
  issuer: string;
}): ContactAddresses {
  const { db, clock, audit, links, mail, issuer } = options;
  const holdAccount = createHoldAccount(options);

  const find: ContactAddresses['find'] = async (token) => {
    const link = await links.peek('address', token);
    return link?.accountId === undefined
      ? undefined
      : { accountId: link.accountId, email: String(link.data.email) };
  };

  return {
    ask: (account, email) =>
      db.transaction(async () => {
        const { id, name, language } = account;
        if (!(await holdAccount(account))) return;
        const token = await links.createFor(id, 'address', { email }, LINK_LIFE);
        // Put out of use a moment ago.
        if (token === undefined) return;
        const values = { name, link: `${issuer}/account/address/${token}` };
        await mail.write({ kind: 'address', accountId: id, to: email, language, values });
      }),
    find,
    confirm: (token, account) =>
      db.transaction(async () => {
        const accountId = account.id;
        const open = await find(token);
        // The account before its link, as whoever ends her links has them.
        if (open?.accountId !== accountId || !(await holdAccount(account))) return false;
        const link = await links.use('address', token);
        if (link === undefined) return false;
        const [row] = await db.query<{ name: string; language: string | null; before: string | null }>(
          statements.set,
          [accountId, open.email, clock.now()],
        );
        if (row === undefined) return false;
        // Those to a new password went to the address before.
        await links.endOf(accountId);
        await audit.record({ type: 'account.address-verified', subject: accountId });
        if (row.before !== null && row.before !== open.email) {
          const values = { name: row.name, reset: `${issuer}/account/reset` };
          const language = row.language ?? undefined;
          await mail.write({ kind: 'addressChanged', accountId, to: row.before, language, values });
        }
        return true;
      }),
  };
}
