import { z } from 'zod';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { plainText } from '../text.ts';
import { isAsid, isOdsCode } from '../tokens/index.ts';

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

const text = plainText(200);

/** An organisation as an operator writes it down. */
export const organizationSchema = z.strictObject({
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens'),
  name: text,
  ods_code: z
    .string()
    .refine(isOdsCode, 'must be an ODS code: 3 to 8 upper-case letters and digits')
    .optional(),
  asid: z.string().refine(isAsid, 'must be an ASID: digits, 12 as a rule').optional(),
  kind: text.default('other'),
});

/** Makes the organisation of what an operator wrote down. */
export function asOrganization({
  key,
  name,
  ods_code,
  asid,
  kind,
}: z.output<typeof organizationSchema>): Organization {
  return { key, name, odsCode: ods_code, asid, kind };
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
             kind = excluded.kind, demo = excluded.demo, updated_at = excluded.updated_at
           RETURNING (xmax = 0) AS created`,
  },
} satisfies Record<string, Statement>;

/** Where organisations are kept. */
export interface Organizations {
  /** Every organisation, in the order of keys. */
  all(): Promise<readonly Organization[]>;
  /** Creates the organisation, or replaces what is kept under its key, with an audit row; tells whether it is new. */
  put(organization: Organization, options: { demo: boolean }): Promise<boolean>;
}

interface OrganizationRow {
  key: string;
  name: string;
  ods_code: string | null;
  asid: string | null;
  kind: string;
}

/** The organisations in the database. */
export function createOrganizations(options: { db: Database; clock: Clock; audit: Audit }): Organizations {
  const { db, clock, audit } = options;
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
    async put(organization, { demo }) {
      const { key, name, odsCode, asid, kind } = organization;
      return db.transaction(async () => {
        const values = [key, name, odsCode ?? null, asid ?? null, kind, demo, clock.now()];
        const [row] = await db.query<{ created: boolean }>(statements.put, values);
        const type = row?.created ? 'organization.created' : 'organization.updated';
        await audit.record({ type, organization: key, detail: { ...organization, demo } });
        return row?.created === true;
      });
    },
  };
}
