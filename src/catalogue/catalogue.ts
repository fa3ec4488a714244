import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import { createCache, type Database, ONE_SECOND, type Statement } from '../db/index.ts';
import type { Api, Sensitivity } from './api.ts';
import type { TokenProfile } from './profiles.ts';

const statements = {
  all: {
    name: 'apis_all',
    text: `SELECT id, audience, profile, token_format, token_typ, signing_alg, token_lifetime, scopes, reasons,
                  sensitivity, required_acr, assurance
           FROM apis ORDER BY id`,
  },
  put: {
    name: 'apis_put',
    text: `INSERT INTO apis (id, audience, profile, token_format, token_typ, signing_alg, token_lifetime, scopes, reasons,
                             sensitivity, required_acr, assurance, demo, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
           ON CONFLICT (id) DO UPDATE SET audience = excluded.audience, profile = excluded.profile,
             token_format = excluded.token_format, token_typ = excluded.token_typ, signing_alg = excluded.signing_alg,
             token_lifetime = excluded.token_lifetime, scopes = excluded.scopes, reasons = excluded.reasons,
             sensitivity = excluded.sensitivity, required_acr = excluded.required_acr,
             assurance = excluded.assurance, demo = excluded.demo, updated_at = excluded.updated_at
           RETURNING (xmax = 0) AS created`,
  },
} satisfies Record<string, Statement>;

interface ApiRow {
  id: string;
  audience: string;
  profile: TokenProfile;
  token_format: Api['tokenFormat'];
  token_typ: Api['tokenTyp'];
  signing_alg: string;
  token_lifetime: number;
  scopes: string;
  reasons: string;
  sensitivity: Sensitivity;
  required_acr: number | null;
  assurance: Api['assurance'];
}

const fromRow = (row: ApiRow): Api => ({
  id: row.id,
  audience: row.audience,
  profile: row.profile,
  tokenFormat: row.token_format,
  tokenTyp: row.token_typ,
  signingAlg: row.signing_alg,
  tokenLifetime: row.token_lifetime,
  scopes: row.scopes.split(' '),
  reasons: row.reasons.split(' '),
  sensitivity: row.sensitivity,
  requiredAcr: row.required_acr ?? undefined,
  assurance: row.assurance,
});

export interface Catalogue {
  /** All APIs, as of at most a second ago. */
  all(): Promise<readonly Api[]>;
  /** Creates the API, or replaces what is kept under its id, with an audit row; tells whether it is new. */
  put(api: Api, options: { demo: boolean }): Promise<boolean>;
}

/** The API catalogue: which resource servers tokens are issued for. */
export function createCatalogue(options: { db: Database; clock: Clock; audit: Audit }): Catalogue {
  const { db, clock, audit } = options;
  const load = async () => (await db.query<ApiRow>(statements.all)).map(fromRow);
  const cache = createCache<readonly Api[]>({
    clock,
    max: 1,
    load,
    fresh: ONE_SECOND,
    bypass: db.inTransaction,
  });
  const all = () => cache.get('all');
  return {
    all,
    async put(api, { demo }) {
      const values = [
        api.id,
        api.audience,
        api.profile,
        api.tokenFormat,
        api.tokenTyp,
        api.signingAlg,
        api.tokenLifetime,
        api.scopes.join(' '),
        api.reasons.join(' '),
        api.sensitivity,
        api.requiredAcr ?? null,
        JSON.stringify(api.assurance),
        demo,
        clock.now(),
      ];
      const created = await db.transaction(async () => {
        const [row] = await db.query<{ created: boolean }>(statements.put, values);
        const type = row?.created ? 'api.created' : 'api.updated';
        await audit.record({ type, apiId: api.id, detail: { ...api, demo } });
        return row?.created === true;
      });
      cache.clear();
      return created;
    },
  };
}
