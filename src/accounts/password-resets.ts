import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Mail } from '../mail/index.ts';
import { asIdentifier } from './account.ts';
import type { Authenticators } from './authenticators.ts';
import type { Links } from './links.ts';
import type { PasswordChoice } from './password-choice.ts';
import type { PasswordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import type { RecoveryCodes } from './recovery-codes.ts';

/** Seconds for which a link is good. */
const LINK_LIFE = 30 * 60;

/** A link that somebody made for her, or she herself when she was signed in: no request by name takes its place. */
const KEPT = { kept: true };

const statements = {
  asking: {
    name: 'password_resets_asking',
    text: `SELECT a.id, a.name, a.email, a.language FROM accounts a JOIN account_identifiers i ON i.account_id = a.id
           WHERE i.value = $1 AND a.disabled_at IS NULL AND a.email_verified_at IS NOT NULL`,
  },
  account: {
    name: 'password_resets_account',
    text: `SELECT a.name, a.language, CASE WHEN a.email_verified_at IS NOT NULL THEN a.email END AS email,
             EXISTS (SELECT FROM authenticators c WHERE c.account_id = a.id) AS has_app,
             (SELECT coalesce(jsonb_agg(i.value), '[]') FROM account_identifiers i WHERE i.account_id = a.id) AS names
           FROM accounts a WHERE a.id = $1 AND a.disabled_at IS NULL`,
  },
  set: {
    name: 'password_resets_set',
    text: `UPDATE accounts SET password_hash = $2, updated_at = $3, proof_version = proof_version + 1
           WHERE id = $1 AND disabled_at IS NULL RETURNING id`,
  },
  lock: {
    name: 'password_resets_lock',
    text: 'SELECT id FROM accounts WHERE id = $1 AND disabled_at IS NULL FOR UPDATE',
  },
  // Under that lock: an app is set up under it, too.
  hasApp: {
    name: 'password_resets_has_app',
    text: 'SELECT EXISTS (SELECT FROM authenticators WHERE account_id = $1) AS has_app',
  },
  taken: {
    name: 'password_resets_name_taken',
    text: `SELECT EXISTS (SELECT FROM account_identifiers WHERE value = $2 AND account_id <> $1) AS taken`,
  },
  // Whoever came by an identity source has no name to type: her verified address becomes it.
  giveName: {
    name: 'password_resets_give_name',
    text: `INSERT INTO account_identifiers (value, account_id)
           SELECT $2, $1 WHERE $2::text IS NOT NULL AND NOT EXISTS (SELECT FROM account_identifiers WHERE account_id = $1)
           ON CONFLICT (value) DO NOTHING`,
  },
  named: {
    name: 'password_resets_named',
    text: 'SELECT value FROM account_identifiers WHERE account_id = $1 LIMIT 1',
  },
} satisfies Record<string, Statement>;

/** Whose password an open link sets. */
export interface OpenReset {
  readonly accountId: string;
  /** Whether a code of her authenticator app, or a recovery code, is asked for as well. */
  readonly needsCode: boolean;
}

/** Why a password was not set. `over`: the link; `code`: the code was wrong, or used before. */
export type ResetFault = PasswordFault | 'over' | 'code';

/** Ends all sessions and all grants of an account, in the caller's transaction. */
export type EndEverything = (
  accountId: string,
  because: { reason: string; source?: string | undefined },
) => Promise<void>;

/** New passwords for people who do not know theirs. The proof is their mailbox; it signs nobody in. */
export interface PasswordResets {
  /**
   * Sends a link to the verified address of whoever signs in with a name; one that was sent before is over. Where there is no
   * such account, or no such address, the same work is done for nobody, so that the time does not tell. So it is while a link is
   * open that was made for her and not asked for here.
   */
  ask(identifier: string): Promise<void>;
  /**
   * Sends a link to a first password to the verified address of somebody who is signed in and has none. The address is what she is
   * going to type with it. `unverified`: there is none. `taken`: somebody else signs in with it.
   */
  begin(accountId: string): Promise<'sent' | 'unverified' | 'taken'>;
  /** Makes a link that is not mailed but handed over; undefined where the account is not live. */
  link(accountId: string): Promise<string | undefined>;
  /** Whose password a link sets; undefined where it is over. */
  find(token: string): Promise<OpenReset | undefined>;
  /**
   * Sets the password, ends all sessions and grants, and tells her by mail, all or nothing, with an audit row.
   *
   * @param chosen.source network address of the caller
   * @param chosen.code of her authenticator app, or a recovery code; '' where none was typed
   * @returns undefined when it was set @throws Overloaded when too many passwords wait to be hashed
   */
  set(
    token: string,
    chosen: { password: string; code: string; source: string },
  ): Promise<ResetFault | undefined>;
}

/** Undoes what a transaction has done so far. */
class Undone extends Error {}

interface AccountRow {
  readonly name: string;
  readonly language: string | null;
  readonly email: string | null;
  readonly has_app: boolean;
  readonly names: readonly string[];
}

/** @param issuer beginning of the link */
export function createPasswordResets(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  links: Links;
  mail: Mail;
  passwords: Passwords;
  choice: PasswordChoice;
  authenticators: Pick<Authenticators, 'verify'>;
  recoveryCodes: Pick<RecoveryCodes, 'use'>;
  endEverything: EndEverything;
  issuer: string;
}): PasswordResets {
  const { db, clock, audit, links, mail, passwords, choice, endEverything, issuer } = options;
  const linkTo = (token: string) => `${issuer}/account/reset/${token}`;

  async function accountOf(token: string): Promise<(AccountRow & { readonly id: string }) | undefined> {
    const link = await links.peek('reset', token);
    if (link?.accountId === undefined) return undefined;
    const [row] = await db.query<AccountRow>(statements.account, [link.accountId]);
    return row && { ...row, id: link.accountId };
  }

  const isHers = async (accountId: string, code: string) =>
    (await options.authenticators.verify(accountId, code)) ||
    (await options.recoveryCodes.use(accountId, code));

  return {
    ask: (identifier) =>
      db.transaction(async () => {
        const [row] = await db.query<{ id: string; name: string; email: string; language: string | null }>(
          statements.asking,
          [asIdentifier(identifier) ?? null],
        );
        const token =
          row === undefined
            ? await links.create('reset', {}, 0)
            : await links.createFor(row.id, 'reset', {}, LINK_LIFE);
        await mail.write({
          kind: 'reset',
          accountId: row?.id,
          to: row?.email ?? 'nobody@assent.invalid',
          language: row?.language ?? undefined,
          values: { name: row?.name ?? 'nobody', link: linkTo(token ?? '') },
          forNobody: row === undefined || token === undefined,
        });
      }),
    begin: (accountId) =>
      db.transaction(async () => {
        const [row] = await db.query<AccountRow>(statements.account, [accountId]);
        if (row === undefined || row.email === null) return 'unverified';
        const { name, email, language } = row;
        const [other] = await db.query<{ taken: boolean }>(statements.taken, [
          accountId,
          asIdentifier(email),
        ]);
        if (row.names.length === 0 && other?.taken) return 'taken';
        const token = await links.createFor(accountId, 'reset', KEPT, LINK_LIFE);
        if (token === undefined) return 'unverified';
        await mail.write({
          kind: 'firstPassword',
          accountId,
          to: email,
          language: language ?? undefined,
          values: { name, email, link: linkTo(token) },
        });
        return 'sent';
      }),
    async link(accountId) {
      return db.transaction(async () => {
        const token = await links.createFor(accountId, 'reset', KEPT, LINK_LIFE);
        if (token === undefined) return undefined;
        await audit.record({ type: 'account.reset-link-made', subject: accountId });
        return linkTo(token);
      });
    },
    async find(token) {
      const account = await accountOf(token);
      return account && { accountId: account.id, needsCode: account.has_app };
    },
    async set(token, { password, code, source }) {
      const account = await accountOf(token);
      if (account === undefined) return 'over';
      const { id, name, names, email, language } = account;
      const fault = await choice.fault(password, [name, ...names]);
      if (fault !== undefined) return fault;
      const hash = await passwords.hash(password);
      try {
        return await db.transaction(async () => {
          // The account before its link, as whoever ends her links has them.
          if ((await db.query(statements.lock, [id])).length === 0) return 'over';
          const [now] = await db.query<{ has_app: boolean }>(statements.hasApp, [id]);
          if (now?.has_app && !(await isHers(id, code))) return 'code';
          // After the code: a code that was mistyped leaves the link open. What the code used up comes back with the throw.
          if ((await links.use('reset', token)) === undefined)
            throw new Undone('the link was used meanwhile');
          const set = await db.query(statements.set, [id, hash, clock.now()]);
          if (set.length === 0) throw new Undone('the account is not live any more');
          await db.query(statements.giveName, [id, email === null ? null : asIdentifier(email)]);
          if ((await db.query(statements.named, [id])).length === 0)
            throw new Undone('there is no name that goes with the password');
          await audit.record({ type: 'account.password-reset', subject: id, source });
          await endEverything(id, { reason: 'password reset', source });
          if (email !== null)
            await mail.write({
              kind: 'passwordReset',
              accountId: id,
              to: email,
              language: language ?? undefined,
              values: { name, reset: `${issuer}/account/reset` },
            });
          return undefined;
        });
      } catch (error) {
        if (error instanceof Undone) return 'over';
        throw error;
      }
    },
  };
}
