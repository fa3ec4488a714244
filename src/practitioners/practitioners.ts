import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Consents } from '../consents/index.ts';
import type { Database, Statement } from '../db/index.ts';

/** A practitioner in one of her roles. */
export interface PractitionerRole {
  readonly id: string;
  readonly accountId: string;
  /** Logical id of the FHIR Practitioner. */
  readonly practitioner: string;
  /** SDS user id; undefined for somebody without a smartcard. */
  readonly sdsUser: string | undefined;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix: readonly string[];
  /** Key of the organisation at which she has the role. */
  readonly organization: string;
  /** SDS role profile id; undefined where there is no national one. */
  readonly roleProfile: string | undefined;
  /** SDS job role code, for example R8000. */
  readonly jobRole: string;
  /** What people call the role. */
  readonly name: string;
}

/** A professional identity with its roles, as it is written. */
export interface PractitionerRecord {
  readonly accountId: string;
  readonly sdsUser: string | undefined;
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix: readonly string[];
  readonly roles: readonly Pick<
    PractitionerRole,
    'id' | 'organization' | 'roleProfile' | 'jobRole' | 'name'
  >[];
}

/** Identifiers under which a person may be known, and the organisation at which she is to act. */
export interface Named {
  readonly sdsUser: string | undefined;
  readonly roleProfile: string | undefined;
  /** Logical id of the FHIR Practitioner. */
  readonly practitioner: string | undefined;
  /** Key. */
  readonly organization: string;
}

/** What the directory knows of such identifiers. */
export interface Listed {
  /** Accounts of whoever has the SDS user id or the FHIR id: two, if they are two people's. */
  readonly accounts: readonly string[];
  /** The live roles of that person at the organisation, if one is known here at all. */
  readonly roles: readonly PractitionerRole[] | undefined;
  /** The role profile, if it is known here; it may have ended. */
  readonly role: (PractitionerRole & { readonly ended: boolean }) | undefined;
}

const columns = `r.id, r.account_id, a.practitioner, p.sds_user_id, p.family, p.given, p.prefix, r.organization,
  r.role_profile_id, r.job_role, r.name, (r.ended_at IS NOT NULL OR a.disabled_at IS NOT NULL) AS ended`;

const source = `practitioner_roles r JOIN practitioners p ON p.account_id = r.account_id
  JOIN accounts a ON a.id = r.account_id AND a.practitioner IS NOT NULL`;

const statements = {
  rolesAt: {
    name: 'practitioner_roles_at',
    text: `SELECT ${columns} FROM ${source} WHERE r.account_id = $1 AND r.organization = $2
             AND r.ended_at IS NULL AND a.disabled_at IS NULL ORDER BY r.name, r.id`,
  },
  role: {
    name: 'practitioner_roles_find',
    text: `SELECT ${columns} FROM ${source} WHERE r.id = $1 AND r.ended_at IS NULL AND a.disabled_at IS NULL`,
  },
  byProfile: {
    name: 'practitioner_roles_by_profile',
    text: `SELECT ${columns} FROM ${source} WHERE r.role_profile_id = $1
           ORDER BY r.ended_at IS NOT NULL, r.ended_at DESC LIMIT 1`,
  },
  byUser: {
    name: 'practitioners_by_user',
    text: `SELECT account_id FROM practitioners WHERE sds_user_id = $1
           UNION SELECT p.account_id FROM practitioners p JOIN accounts a ON a.id = p.account_id
             WHERE a.practitioner = $2`,
  },
  whole: {
    name: 'practitioners_whole',
    text: `SELECT p.sds_user_id, p.family, p.given, p.prefix, r.id, r.organization, r.role_profile_id, r.job_role,
             r.name, r.ended_at IS NOT NULL AS ended
           FROM practitioners p LEFT JOIN practitioner_roles r ON r.account_id = p.account_id
           WHERE p.account_id = $1 ORDER BY r.ended_at IS NOT NULL, r.ended_at DESC, r.id`,
  },
  put: {
    name: 'practitioners_put',
    text: `INSERT INTO practitioners (account_id, sds_user_id, family, given, prefix) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (account_id) DO UPDATE SET sds_user_id = excluded.sds_user_id, family = excluded.family,
             given = excluded.given, prefix = excluded.prefix`,
  },
  endRoles: {
    name: 'practitioner_roles_end',
    text: `UPDATE practitioner_roles SET ended_at = $2
           WHERE account_id = $1 AND ended_at IS NULL AND NOT (id = ANY ($3)) RETURNING id`,
  },
  putRole: {
    name: 'practitioner_roles_put',
    text: `INSERT INTO practitioner_roles (id, account_id, organization, role_profile_id, job_role, name)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (id) DO UPDATE SET job_role = excluded.job_role, name = excluded.name, ended_at = NULL
           WHERE practitioner_roles.account_id = excluded.account_id
             AND practitioner_roles.organization = excluded.organization
             AND practitioner_roles.role_profile_id IS NOT DISTINCT FROM excluded.role_profile_id RETURNING id`,
  },
} satisfies Record<string, Statement>;

interface RoleRow {
  id: string;
  account_id: string;
  practitioner: string;
  sds_user_id: string | null;
  family: string;
  given: string[];
  prefix: string[];
  organization: string;
  role_profile_id: string | null;
  job_role: string;
  name: string;
  ended: boolean;
}

/** A role with her identity beside it; without one the columns of the role are empty. */
type WholeRow = Omit<RoleRow, 'id' | 'account_id' | 'practitioner'> & { id: string | null };

const asRole = (row: RoleRow): PractitionerRole => ({
  id: row.id,
  accountId: row.account_id,
  practitioner: row.practitioner,
  sdsUser: row.sds_user_id ?? undefined,
  family: row.family,
  given: row.given,
  prefix: row.prefix,
  organization: row.organization,
  roleProfile: row.role_profile_id ?? undefined,
  jobRole: row.job_role,
  name: row.name,
});

export interface Practitioners {
  /** The roles that a person has at an organisation now, by name. */
  rolesAt(accountId: string, organization: string): Promise<PractitionerRole[]>;
  /** A role; undefined when it ended, or the account was disabled. */
  role(id: string): Promise<PractitionerRole | undefined>;
  /** Her professional identity as it is written, with her live roles; `ended` has those she had before. */
  whole(
    accountId: string,
  ): Promise<(PractitionerRecord & { readonly ended: PractitionerRecord['roles'] }) | undefined>;
  /** What is known of somebody who is named in this way. */
  listed(named: Named): Promise<Listed>;
  /**
   * Creates or replaces a professional identity, with an audit row; roles that are not named any more end, and with them
   * what was decided in them. A role's person, organisation and role profile never change, because tokens are made from it
   * for as long as a grant lasts.
   *
   * @throws Error if a role's id is that of another role
   */
  put(record: PractitionerRecord): Promise<void>;
}

/** The people who work in health care, and what they may be at which organisation. */
export function createPractitioners(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  consents: Consents;
}): Practitioners {
  const { db, clock, audit, consents } = options;
  const rolesAt: Practitioners['rolesAt'] = async (accountId, organization) =>
    (await db.query<RoleRow>(statements.rolesAt, [accountId, organization])).map(asRole);

  return {
    rolesAt,
    async role(id) {
      const [row] = await db.query<RoleRow>(statements.role, [id]);
      return row && asRole(row);
    },
    async whole(accountId) {
      const rows = await db.query<WholeRow>(statements.whole, [accountId]);
      const [first] = rows;
      if (first === undefined) return undefined;
      const rolesOf = (ended: boolean) =>
        rows
          .filter((row): row is WholeRow & { id: string } => row.id !== null && row.ended === ended)
          .map(({ id, organization, role_profile_id: profile, job_role: jobRole, name }) => {
            return { id, organization, roleProfile: profile ?? undefined, jobRole, name };
          });
      const { sds_user_id: sdsUser, family, given, prefix } = first;
      const names = { sdsUser: sdsUser ?? undefined, family, given, prefix };
      return { accountId, ...names, roles: rolesOf(false), ended: rolesOf(true) };
    },
    async listed({ sdsUser, roleProfile, practitioner, organization }) {
      const people = await db.query<{ account_id: string }>(statements.byUser, [
        sdsUser ?? null,
        practitioner ?? null,
      ]);
      const [user] = people;
      const [role] =
        roleProfile === undefined ? [] : await db.query<RoleRow>(statements.byProfile, [roleProfile]);
      return {
        accounts: people.map((row) => row.account_id),
        roles: user && (await rolesAt(user.account_id, organization)),
        role: role && { ...asRole(role), ended: role.ended },
      };
    },
    put: (record) =>
      db.transaction(async () => {
        const { accountId, sdsUser, family, given, prefix, roles } = record;
        const names = [family, JSON.stringify(given), JSON.stringify(prefix)];
        await db.query(statements.put, [accountId, sdsUser ?? null, ...names]);
        const kept = roles.map(({ id }) => id);
        const ended = await db.query<{ id: string }>(statements.endRoles, [accountId, clock.now(), kept]);
        await consents.endOfRoles(ended.map(({ id }) => id));
        for (const { id, organization, roleProfile, jobRole, name } of roles) {
          const values = [id, accountId, organization, roleProfile ?? null, jobRole, name];
          const [written] = await db.query(statements.putRole, values);
          if (written === undefined) throw new Error('the id of a role is that of another role');
        }
        await audit.record({
          type: 'practitioner.written',
          subject: accountId,
          detail: { roles: kept },
        });
      }),
  };
}
