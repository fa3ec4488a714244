import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { asIdentifier } from './account.ts';
import type { Invitation } from './invitation.ts';

const statements = {
  taken: {
    name: 'accounts_taken',
    text: `SELECT EXISTS (SELECT FROM account_identifiers WHERE value = $1) AS name,
             EXISTS (SELECT FROM accounts WHERE patient = $2) AS patient,
             (SELECT coalesce(jsonb_agg(jsonb_build_object('system', h.system, 'value', h.value)), '[]')
              FROM health_identifiers h JOIN jsonb_to_recordset($3::jsonb) AS given (system text, value text)
                ON h.system = given.system AND h.value = given.value) AS identifiers`,
  },
  // What is unique is tried and not asked for first: of two who come at once, one has it.
  add: {
    name: 'accounts_add',
    text: `INSERT INTO accounts (id, name, password_hash, patient, created_at, updated_at, birth_date, identity_level,
             identity_source, email, email_verified_at, language)
           VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (patient) DO NOTHING RETURNING id`,
  },
  addName: {
    name: 'account_identifiers_add',
    text: `INSERT INTO account_identifiers (value, account_id) VALUES ($1, $2) ON CONFLICT (value) DO NOTHING
           RETURNING value`,
  },
  addIdentifiers: {
    name: 'health_identifiers_add',
    text: `INSERT INTO health_identifiers (system, value, account_id)
           SELECT system, value, $2 FROM jsonb_to_recordset($1::jsonb) AS given (system text, value text)
           ON CONFLICT (system, value) DO NOTHING RETURNING value`,
  },
} satisfies Record<string, Statement>;

/** What another account has already. */
export interface Taken {
  readonly name: boolean;
  readonly patient: boolean;
  readonly identifiers: Invitation['healthIdentifiers'];
}

/** An account that is to be made of an invitation. */
export interface NewAccount {
  readonly invitation: Invitation;
  /** From `Passwords.hash`. */
  readonly passwordHash: string;
  /** Sign-in name and contact address in one. */
  readonly email: string;
  /** Whether she has shown that she reads what is sent there. */
  readonly verified: boolean;
}

/** `name`: the sign-in name belongs to another account; `person`: she has an account already. */
export type Collision = 'name' | 'person';

/** Makes accounts of invitations. */
export interface NewAccounts {
  /** What of an invitation another account has already. */
  taken(invitation: Pick<Invitation, 'email' | 'patient' | 'healthIdentifiers'>): Promise<Taken>;
  /** Makes an account, in the caller's transaction, which must not be committed after a collision. @returns its id */
  add(account: NewAccount): Promise<{ id: string } | { collision: Collision }>;
}

/** Makes accounts of invitations. */
export function createNewAccounts(options: { db: Database; clock: Clock; ids: Ids }): NewAccounts {
  const { db, clock, ids } = options;
  return {
    async taken({ email = '', patient, healthIdentifiers }) {
      const values = [asIdentifier(email) ?? null, patient ?? null, JSON.stringify(healthIdentifiers)];
      const [row] = await db.query<Taken>(statements.taken, values);
      if (row === undefined) throw new Error('a SELECT without FROM has one row');
      return row;
    },
    async add({ invitation, passwordHash, email, verified }) {
      const { name, patient, birthDate, identityLevel, language, healthIdentifiers } = invitation;
      const id = ids.uuid();
      const now = clock.now();
      const added = await db.query(statements.add, [
        ...[id, name, passwordHash, patient ?? null, now, birthDate ?? null, identityLevel],
        ...[identityLevel === 'none' ? null : 'invitation', email, verified ? now : null, language ?? null],
      ]);
      if (added.length === 0) return { collision: 'person' };
      const numbers = await db.query(statements.addIdentifiers, [JSON.stringify(healthIdentifiers), id]);
      if (numbers.length < healthIdentifiers.length) return { collision: 'person' };
      const names = await db.query(statements.addName, [asIdentifier(email) ?? null, id]);
      return names.length === 0 ? { collision: 'name' } : { id };
    },
  };
}
