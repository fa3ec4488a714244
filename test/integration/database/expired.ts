import type { Database, ExpiringTable } from '../../../src/db/index.ts';
import { expiringTables } from '../../../src/retention.ts';

/** An hour in milliseconds: longer than what has expired is kept. */
export const HOUR = 3_600_000;

/** How long anonymous denials are kept, in milliseconds. */
export const NINETY_DAYS = 90 * 24 * HOUR;

/** How many rows to make, and when the first expires; the others do so at once, or `apart` milliseconds from each other. */
interface Rows {
  readonly count?: number;
  readonly at: Date | null;
  readonly apart?: number;
}

/** What makes rows of a table; their keys begin with a word, and `mark` stands for when they expire. */
const inserts: Readonly<Record<string, string>> = {
  oidc_artefacts: `INSERT INTO oidc_artefacts (model, id, payload, expires_at) SELECT 'RefreshToken', key, '{}', mark`,
  replay_guards: 'INSERT INTO replay_guards (id, expires_at) SELECT key, mark',
  consent_answers: `INSERT INTO consent_answers (interaction, decision, expires_at) SELECT key, 'allow', mark`,
  remote_jwks: `INSERT INTO remote_jwks (uri, body, fetched_at, expires_at) SELECT key, '{"keys":[]}', mark, mark`,
  revocations: `INSERT INTO revocations (kind, id, expires_at) SELECT 'token', key, mark`,
  source_requests: `WITH owner AS (INSERT INTO identity_sources
      (id, issuer, settings, public_jwk, private_key, created_at, updated_at)
      VALUES ('owner', 'https://owner.example.test', '{}', '{}', '', now(), now()) ON CONFLICT DO NOTHING)
    INSERT INTO source_requests (id, source_id, sealed, expires_at) SELECT key, 'owner', '', mark`,
  browser_sessions: `WITH owner AS (INSERT INTO accounts (id, name, demo, created_at, updated_at)
      VALUES ('owner', 'Owner', false, now(), now()) ON CONFLICT DO NOTHING)
    INSERT INTO browser_sessions (uid, account_id, agent, acr, amr, signed_in_at, expires_at)
    SELECT key, 'owner', '', '1', '["pwd"]', mark, mark`,
  logout_notices: `WITH owner AS (INSERT INTO clients (client_id, metadata, demo, created_at, updated_at)
      VALUES ('owner', '{}', false, now(), now()) ON CONFLICT DO NOTHING)
    INSERT INTO logout_notices (id, client_id, account_id, created_at, expires_at) SELECT key, 'owner', '', mark, mark`,
  one_time_links: `INSERT INTO one_time_links (id, kind, data, created_at, expires_at)
    SELECT key, 'reset', '{}', mark, mark`,
  mails: `INSERT INTO mails (id, kind, sealed, created_at, expires_at) SELECT key, 'test', '', mark, mark`,
  rate_limits:
    'INSERT INTO rate_limits (key, points, expire) SELECT key, 3, (extract(epoch FROM mark) * 1000)::bigint',
  anonymous_denials: `INSERT INTO anonymous_denials (minute, source, error, count) SELECT mark, key, 'invalid_client', 1`,
};

/** The column by which rows of a table are told apart. */
const keys: Readonly<Record<string, string>> = {
  oidc_artefacts: 'id',
  replay_guards: 'id',
  consent_answers: 'interaction',
  remote_jwks: 'uri',
  revocations: 'id',
  source_requests: 'id',
  browser_sessions: 'uid',
  logout_notices: 'id',
  one_time_links: 'id',
  mails: 'id',
  rate_limits: 'key',
  anonymous_denials: 'source',
};

/** Puts rows into a table of housekeeping; their keys are the word and a number from 1 on. */
export async function insert(
  db: Database,
  table: string,
  word: string,
  { count = 1, at, apart = 0 }: Rows,
): Promise<void> {
  const text = `${inserts[table]} FROM (SELECT $1 || n::text AS key,
      $2::timestamptz + n * $3 * interval '1 millisecond' AS mark FROM generate_series(1, $4::int) AS n) AS made`;
  await db.query({ name: '', text }, [word, at, apart, count]);
}

/** Keys of the rows that a table has. */
export async function keysOf(db: Database, table: string): Promise<string[]> {
  const text = `SELECT ${keys[table]} AS key FROM ${table} ORDER BY 1`;
  return (await db.query<{ key: string }>({ name: '', text })).map(({ key }) => key);
}

/** How many rows a table has. */
export async function countOf(db: Database, table: string): Promise<number> {
  const [row] = await db.query<{ rows: number }>({ name: '', text: `SELECT count(*) AS rows FROM ${table}` });
  return row?.rows ?? 0;
}

/** Takes away what a test has made. */
export async function empty(db: Database): Promise<void> {
  const names = expiringTables.map(({ name }) => name).join(', ');
  await db.query({ name: '', text: `TRUNCATE ${names}` });
}

/** An instant so many milliseconds ago. */
export const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);

/** When a row of a table was of no use any more an hour ago. */
export const over = ({ name }: Pick<ExpiringTable, 'name'>) =>
  ago(HOUR + (name === 'anonymous_denials' ? NINETY_DAYS : 0));
