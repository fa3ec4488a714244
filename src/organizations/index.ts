import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

/** An organisation that owns or uses applications. */
export interface Organization {
  /** Short name by which clients refer to it. */
  readonly key: string;
  readonly name: string;
  /** ODS code: 3 to 8 upper-case letters and digits. */
  readonly odsCode: string | undefined;
  /** Accredited system id of the organisation's Spine endpoint, for clients that have none of their own. */
  readonly asid: string | undefined;
  readonly kind: string;
}

const statements = {
  all: {
    name: 'organizations_all',
    text: 'SELECT key, name, ods_code, asid, kind FROM organizations ORDER BY key',
  },
  put: {
    name: 'organizations_put',
    text: `INSERT INTO organizations (key, name, ods_code, asid, kind, demo, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
           ON CONFLICT (key) DO UPDATE SET name = excluded.name, ods_code = excluded.ods_code, asid = excluded.asid,
             kind = excluded.kind, demo = excluded.demo, updated_at = excluded.updated_at`,
  },
} satisfies Record<string, Statement>;

export interface Organizations {
  all(): Promise<readonly Organization[]>;
  /** Creates the organisation, or replaces what is kept under its key. */
  put(organization: Organization, options: { demo: boolean }): Promise<void>;
}

interface OrganizationRow {
  key: string;
  name: string;
  ods_code: string | null;
  asid: string | null;
  kind: string;
}

/** The organisations in the database. */
export function createOrganizations(options: { db: Database; clock: Clock }): Organizations {
  const { db, clock } = options;
  return {
    async all() {
      const rows = await db.query<OrganizationRow>(statements.all);
      return rows.map(({ key, name, ods_code, asid, kind }) => ({
        key,
        name,
        odsCode: ods_code ?? undefined,
        asid: asid ?? undefined,
        kind,
      }));
    },
    async put({ key, name, odsCode, asid, kind }, { demo }) {
      await db.query(statements.put, [key, name, odsCode ?? null, asid ?? null, kind, demo, clock.now()]);
    },
  };
}
