import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { type HealthIdentifier, type IdentityLevel, identityLevels } from './identity.ts';

/** What somebody else vouches for about a person: an identity source at which she signed in. */
export interface Vouched {
  /** Who says so: the id of the source. */
  readonly source: string;
  readonly name: string | undefined;
  /** Year, or day. */
  readonly birthDate: string | undefined;
  readonly identityLevel: IdentityLevel;
  readonly identifiers: readonly HealthIdentifier[];
  /** An address that she may want to be reached at; nobody has verified it for us. */
  readonly email: string | undefined;
  /** Whether she works in health care, so that there is a FHIR Practitioner who is her. */
  readonly practitioner: boolean;
}

/** What an account has of it. */
export interface VouchedBefore {
  readonly name: string;
  readonly birthDate: string | undefined;
  readonly identityLevel: IdentityLevel;
  readonly identitySource: string | undefined;
}

/**
 * What an account has afterwards. Whoever has proved most about a person is believed about level, name and birth date, and may
 * take it back; anybody else only fills in a birth date that is missing.
 */
export function believed(before: VouchedBefore, vouched: Vouched): VouchedBefore {
  const { source, name, birthDate, identityLevel } = vouched;
  const more = identityLevels.indexOf(identityLevel) > identityLevels.indexOf(before.identityLevel);
  if (!more && before.identitySource !== source)
    return { ...before, birthDate: before.birthDate ?? birthDate };
  return {
    name: name ?? before.name,
    birthDate: birthDate ?? before.birthDate,
    identityLevel,
    identitySource: source,
  };
}

const statements = {
  make: {
    name: 'accounts_make_vouched',
    text: `INSERT INTO accounts (id, name, birth_date, identity_level, identity_source, email, practitioner,
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
  },
  lock: {
    name: 'accounts_lock_vouched',
    text: `SELECT name, birth_date, identity_level, identity_source, practitioner FROM accounts
           WHERE id = $1 AND disabled_at IS NULL FOR UPDATE`,
  },
  update: {
    name: 'accounts_update_vouched',
    text: `UPDATE accounts SET name = $2, birth_date = $3, identity_level = $4, identity_source = $5,
             practitioner = coalesce(practitioner, $6), updated_at = $7 WHERE id = $1`,
  },
  identifiers: {
    name: 'health_identifiers_of',
    text: 'SELECT system, value FROM health_identifiers WHERE account_id = $1',
  },
  addIdentifier: {
    name: 'health_identifiers_add_vouched',
    text: `INSERT INTO health_identifiers (system, value, account_id) VALUES ($1, $2, $3)
           ON CONFLICT (system, value) DO NOTHING RETURNING account_id`,
  },
} satisfies Record<string, Statement>;

/** What stands against what is vouched for: an identifier is another account's, or the account has another one of the kind. */
export type VouchFault = 'known' | 'differs' | 'blocked';

interface AccountRow {
  name: string;
  birth_date: string | null;
  identity_level: IdentityLevel;
  identity_source: string | null;
  practitioner: string | null;
}

/** What is vouched for becomes part of accounts. Both belong in a transaction, which a fault must end. */
export interface VouchedAccounts {
  /** Makes an account for somebody who has none. @param id of the account, and of the FHIR Practitioner if she is one */
  make(id: string, vouched: Vouched & { readonly name: string }): Promise<void>;
  /** Gives such an account its identifiers. Apart, so that what it is known by elsewhere can be said before. */
  identify(id: string, identifiers: Vouched['identifiers']): Promise<VouchFault | undefined>;
  /** Brings an account up to date. @returns the names of the members that changed */
  update(id: string, vouched: Vouched): Promise<readonly string[] | VouchFault>;
}

/** @returns accounts as identity sources make and change them */
export function createVouchedAccounts(options: { db: Database; clock: Clock }): VouchedAccounts {
  const { db, clock } = options;

  /** @returns how many are new */
  async function addIdentifiers(
    id: string,
    told: Vouched['identifiers'],
    present: Vouched['identifiers'],
  ): Promise<number | VouchFault> {
    let added = 0;
    for (const { system, value } of told) {
      const before = present.find((one) => one.system === system);
      if (before !== undefined && before.value !== value) return 'differs';
      if (before !== undefined) continue;
      const [row] = await db.query(statements.addIdentifier, [system, value, id]);
      if (row === undefined) return 'known';
      added += 1;
    }
    return added;
  }

  return {
    async make(id, { name, birthDate, identityLevel, source, email, practitioner }) {
      await db.query(statements.make, [
        ...[id, name, birthDate ?? null, identityLevel, source, email ?? null],
        ...[practitioner ? id : null, clock.now()],
      ]);
    },
    async identify(id, identifiers) {
      const added = await addIdentifiers(id, identifiers, []);
      return typeof added === 'string' ? added : undefined;
    },
    async update(id, vouched) {
      const [row] = await db.query<AccountRow>(statements.lock, [id]);
      if (row === undefined) return 'blocked';
      const before: VouchedBefore = {
        name: row.name,
        birthDate: row.birth_date ?? undefined,
        identityLevel: row.identity_level,
        identitySource: row.identity_source ?? undefined,
      };
      const after = believed(before, vouched);
      const changed = (['name', 'birthDate', 'identityLevel', 'identitySource'] as const)
        .filter((member) => before[member] !== after[member])
        .map(String);
      if (vouched.practitioner && row.practitioner === null) changed.push('practitioner');
      const present = await db.query<HealthIdentifier>(statements.identifiers, [id]);
      const added = await addIdentifiers(id, vouched.identifiers, present);
      if (typeof added === 'string') return added;
      if (added > 0) changed.push('identifiers');
      const { name, birthDate, identityLevel, identitySource } = after;
      if (changed.length > 0)
        await db.query(statements.update, [
          ...[id, name, birthDate ?? null, identityLevel, identitySource ?? null],
          ...[vouched.practitioner ? id : null, clock.now()],
        ]);
      return changed;
    },
  };
}
