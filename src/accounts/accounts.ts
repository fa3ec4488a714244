import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { type Account, asIdentifier } from './account.ts';
import type { HealthIdentifier, IdentityLevel } from './identity.ts';
import { createLinks } from './links.ts';
import type { Passwords } from './passwords.ts';

export const accountColumns = `a.id, a.name, a.patient, a.practitioner, a.birth_date, a.identity_level, a.language, a.signed_out_at, a.proof_version,
  (SELECT w.always FROM authenticators w WHERE w.account_id = a.id) AS code_always,
  CASE WHEN a.email_verified_at IS NOT NULL THEN a.email END AS email`;

const statements = {
  find: {
    name: 'accounts_find',
    text: `SELECT ${accountColumns} FROM accounts a WHERE a.id = $1 AND a.disabled_at IS NULL`,
  },
  identify: {
    name: 'accounts_identify',
    text: `SELECT ${accountColumns}, a.password_hash FROM accounts a JOIN account_identifiers i ON i.account_id = a.id
           WHERE i.value = $1 AND a.disabled_at IS NULL`,
  },
  proofs: {
    name: 'accounts_proofs',
    text: `SELECT EXISTS (SELECT FROM passkeys WHERE account_id = $1) AS passkey,
                  EXISTS (SELECT FROM authenticators WHERE account_id = $1) AS authenticator`,
  },
  signOut: {
    name: 'accounts_sign_out',
    text: 'UPDATE accounts SET signed_out_at = $2, proof_version = proof_version + 1 WHERE id = $1',
  },
  put: {
    name: 'accounts_put',
    text: `INSERT INTO accounts (id, name, password_hash, patient, practitioner, demo, created_at, updated_at, birth_date,
             identity_level, identity_source, email, email_verified_at, language)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, CASE WHEN $11::text IS NOT NULL THEN $7::timestamptz END, $12)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
             patient = excluded.patient, practitioner = excluded.practitioner, disabled_at = NULL, disabled_reason = NULL,
             demo = excluded.demo, updated_at = excluded.updated_at, birth_date = excluded.birth_date,
             identity_level = excluded.identity_level, identity_source = excluded.identity_source, email = excluded.email,
             email_verified_at = excluded.email_verified_at, language = excluded.language,
             proof_version = accounts.proof_version + 1`,
  },
  dropIdentifiers: {
    name: 'account_identifiers_drop',
    text: 'DELETE FROM account_identifiers WHERE account_id = $1',
  },
  putIdentifier: {
    name: 'account_identifiers_put',
    text: 'INSERT INTO account_identifiers (value, account_id) VALUES ($1, $2)',
  },
  dropHealthIdentifiers: {
    name: 'health_identifiers_drop',
    text: 'DELETE FROM health_identifiers WHERE account_id = $1',
  },
  putHealthIdentifier: {
    name: 'health_identifiers_put',
    text: 'INSERT INTO health_identifiers (system, value, account_id) VALUES ($1, $2, $3)',
  },
} satisfies Record<string, Statement>;

export interface AccountRow {
  id: string;
  name: string;
  patient: string | null;
  practitioner: string | null;
  signed_out_at: Date | null;
  code_always: boolean | null;
  proof_version: number;
  birth_date: string | null;
  identity_level: IdentityLevel;
  email: string | null;
  language: string | null;
}

export const asAccount = (row: AccountRow): Account => ({
  id: row.id,
  name: row.name,
  patient: row.patient ?? undefined,
  practitioner: row.practitioner ?? undefined,
  signedOutAt: row.signed_out_at ?? undefined,
  authenticator: row.code_always === null ? undefined : { always: row.code_always },
  proofVersion: row.proof_version,
  birthDate: row.birth_date ?? undefined,
  identityLevel: row.identity_level,
  email: row.email ?? undefined,
  language: row.language ?? undefined,
});

/** An account as it is written. */
export interface AccountRecord extends Account {
  /** From `Passwords.hash`. */
  readonly passwordHash: string;
  /** What she signs in with. */
  readonly identifiers: readonly string[];
  /** Who proved that she is who she says. */
  readonly identitySource?: string | undefined;
  readonly healthIdentifiers?: readonly HealthIdentifier[];
}

export interface Accounts {
  /** The account; undefined when there is none or it was disabled. */
  find(id: string): Promise<Account | undefined>;
  /**
   * The account to which identifier and password belong. Unknown identifier, wrong password and disabled account cost
   * the same work and are one answer: undefined. @throws Overloaded when too many passwords wait to be checked
   */
  signIn(identifier: string, password: string): Promise<Account | undefined>;
  /** The most that somebody can prove when she signs in: `1` to `3` (docs/adr/0011). */
  bestAcr(id: string): Promise<'1' | '2' | '3'>;
  /**
   * Says that sessions which began so far count no more, wherever they are kept, and ends links that are open: whoever was locked
   * out may have them. Part of the caller's transaction.
   */
  signOut(id: string): Promise<void>;
  /** Creates the account or replaces it, identifiers included, with an audit row. */
  put(record: AccountRecord, options: { demo: boolean }): Promise<void>;
}

/** The people who sign in. */
export function createAccounts(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  passwords: Passwords;
}): Accounts {
  const { db, clock, audit, passwords } = options;
  const links = createLinks(options);
  return {
    async find(id) {
      const [row] = await db.query<AccountRow>(statements.find, [id]);
      return row && asAccount(row);
    },
    async signIn(identifier, password) {
      const value = asIdentifier(identifier);
      const [row] =
        value === undefined
          ? []
          : await db.query<AccountRow & { password_hash: string | null }>(statements.identify, [value]);
      const matches = await passwords.verify(password, row?.password_hash ?? undefined);
      return matches && row !== undefined ? asAccount(row) : undefined;
    },
    async bestAcr(id) {
      const [row] = await db.query<{ passkey: boolean; authenticator: boolean }>(statements.proofs, [id]);
      if (row?.passkey) return '3';
      return row?.authenticator ? '2' : '1';
    },
    async signOut(id) {
      await db.query(statements.signOut, [id, clock.now()]);
      await links.endOf(id);
    },
    put: (record, { demo }) =>
      db.transaction(async () => {
        const { id, name, passwordHash, patient, practitioner, identifiers, healthIdentifiers = [] } = record;
        await db.query(statements.put, [
          ...[id, name, passwordHash, patient ?? null, practitioner ?? null, demo, clock.now()],
          ...[record.birthDate ?? null, record.identityLevel ?? 'none', record.identitySource ?? null],
          ...[record.email ?? null, record.language ?? null],
        ]);
        await db.query(statements.dropIdentifiers, [id]);
        for (const identifier of identifiers) {
          await db.query(statements.putIdentifier, [asIdentifier(identifier), id]);
        }
        await db.query(statements.dropHealthIdentifiers, [id]);
        for (const { system, value } of healthIdentifiers) {
          await db.query(statements.putHealthIdentifier, [system, value, id]);
        }
        await audit.record({ type: 'account.written', subject: id, detail: { demo } });
      }),
  };
}
