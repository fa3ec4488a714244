import type { Database, Statement } from '../db/index.ts';
import { asIdentifier } from './account.ts';
import type { HealthIdentifier, IdentityLevel } from './identity.ts';
import type { AccountStatus } from './statuses.ts';

const selection = `SELECT a.id, a.name, a.patient, a.practitioner, a.birth_date, a.identity_level, a.identity_source, a.email,
    a.email_verified_at, a.language, a.disabled_at, a.disabled_reason, a.created_at,
    (SELECT coalesce(jsonb_agg(i.value ORDER BY i.value), '[]') FROM account_identifiers i WHERE i.account_id = a.id) AS names,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('system', h.system, 'value', h.value) ORDER BY h.system, h.value), '[]')
     FROM health_identifiers h WHERE h.account_id = a.id) AS identifiers
  FROM accounts a`;

const statements = {
  one: { name: 'directory_one', text: `${selection} WHERE a.id = $1` },
  named: {
    name: 'directory_named',
    text: `${selection} WHERE a.id = $1 OR a.id = (SELECT account_id FROM account_identifiers WHERE value = $2)
           ORDER BY a.id = $1 DESC LIMIT 1`,
  },
  list: { name: 'directory_list', text: `${selection} ORDER BY a.name, a.id LIMIT $1` },
} satisfies Record<string, Statement>;

/** Everything that is kept about who somebody is. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly patient: string | undefined;
  readonly practitioner: string | undefined;
  /** What she signs in with. */
  readonly names: readonly string[];
  readonly birthDate: string | undefined;
  readonly identityLevel: IdentityLevel;
  /** Who proved that she is who she says: `invitation`, or an identity source. */
  readonly identitySource: string | undefined;
  readonly healthIdentifiers: readonly HealthIdentifier[];
  readonly email: string | undefined;
  /** When she showed that she reads what is sent there; undefined while she has not. */
  readonly emailVerifiedAt: Date | undefined;
  readonly language: string | undefined;
  readonly status: AccountStatus;
  readonly createdAt: Date;
}

/** Looks people up, whatever the status of their account. */
export interface Directory {
  find(id: string): Promise<Person | undefined>;
  /** @param named id of the account, or what she signs in with */
  findNamed(named: string): Promise<Person | undefined>;
  /** Everybody by name. @param most how many */
  list(most: number): Promise<readonly Person[]>;
}

interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly patient: string | null;
  readonly practitioner: string | null;
  readonly birth_date: string | null;
  readonly identity_level: IdentityLevel;
  readonly identity_source: string | null;
  readonly email: string | null;
  readonly email_verified_at: Date | null;
  readonly language: string | null;
  readonly disabled_at: Date | null;
  readonly disabled_reason: 'suspended' | 'deceased' | null;
  readonly created_at: Date;
  readonly names: readonly string[];
  readonly identifiers: readonly HealthIdentifier[];
}

const asPerson = (row: PersonRow): Person => ({
  id: row.id,
  name: row.name,
  patient: row.patient ?? undefined,
  practitioner: row.practitioner ?? undefined,
  names: row.names,
  birthDate: row.birth_date ?? undefined,
  identityLevel: row.identity_level,
  identitySource: row.identity_source ?? undefined,
  healthIdentifiers: row.identifiers,
  email: row.email ?? undefined,
  emailVerifiedAt: row.email_verified_at ?? undefined,
  language: row.language ?? undefined,
  status: row.disabled_at === null ? 'active' : (row.disabled_reason ?? 'disabled'),
  createdAt: row.created_at,
});

/** Looks people up in the database. */
export function createDirectory({ db }: { db: Database }): Directory {
  return {
    async find(id) {
      const [row] = await db.query<PersonRow>(statements.one, [id]);
      return row && asPerson(row);
    },
    async findNamed(named) {
      const [row] = await db.query<PersonRow>(statements.named, [named, asIdentifier(named) ?? null]);
      return row && asPerson(row);
    },
    async list(most) {
      return (await db.query<PersonRow>(statements.list, [most])).map(asPerson);
    },
  };
}
