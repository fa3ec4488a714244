import type { AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Pool } from 'pg';

const SCHEMA = `
  CREATE TABLE oidc_payloads (
    model text NOT NULL,
    id text NOT NULL,
    payload jsonb NOT NULL,
    grant_id text,
    expires_at timestamptz,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX oidc_payloads_grant_id ON oidc_payloads (grant_id);
`;

const UPSERT = `
  INSERT INTO oidc_payloads (model, id, payload, grant_id, expires_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (model, id) DO UPDATE
    SET payload = excluded.payload, grant_id = excluded.grant_id, expires_at = excluded.expires_at`;

const FIND = `
  SELECT payload FROM oidc_payloads
  WHERE model = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > now())`;

const FIND_BY_MEMBER = `
  SELECT payload FROM oidc_payloads
  WHERE model = $1 AND payload->>$2 = $3 AND (expires_at IS NULL OR expires_at > now())`;

const CONSUME = `
  UPDATE oidc_payloads SET payload = jsonb_set(payload, '{consumed}', to_jsonb($3::bigint))
  WHERE model = $1 AND id = $2`;

/** Creates the one table of the plain adapter. */
export async function createSchema(pool: Pool): Promise<void> {
  await pool.query(SCHEMA);
}

/**
 * The adapter that the library's documentation describes, on PostgreSQL: one table, ordinary parameterised queries,
 * nothing cached, nothing prepared, nothing atomic. It is the peer, so it must stay what a careful reader of that
 * documentation would write in an afternoon: do not tune it.
 */
export function postgresAdapter(pool: Pool): AdapterFactory {
  return (model) => {
    const first = async (sql: string, values: unknown[]): Promise<AdapterPayload | undefined> => {
      const { rows } = await pool.query<{ payload: AdapterPayload }>(sql, values);
      return rows[0]?.payload;
    };
    return {
      async upsert(id, payload, expiresIn) {
        const expiresAt = expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1000);
        await pool.query(UPSERT, [model, id, payload, payload.grantId ?? null, expiresAt]);
      },
      find: (id) => first(FIND, [model, id]),
      findByUid: (uid) => first(FIND_BY_MEMBER, [model, 'uid', uid]),
      findByUserCode: (userCode) => first(FIND_BY_MEMBER, [model, 'userCode', userCode]),
      async consume(id) {
        await pool.query(CONSUME, [model, id, Math.floor(Date.now() / 1000)]);
      },
      async destroy(id) {
        await pool.query('DELETE FROM oidc_payloads WHERE model = $1 AND id = $2', [model, id]);
      },
      async revokeByGrantId(grantId) {
        await pool.query('DELETE FROM oidc_payloads WHERE model = $1 AND grant_id = $2', [model, grantId]);
      },
    };
  };
}
