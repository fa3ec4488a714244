import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { migrate, migrationStatus } from '../../../src/db/index.ts';
import { eventually } from '../../support/fixtures.ts';
import { needsServer, openOnServer, type ServerDatabase } from '../database/server.ts';

if (needsServer) console.warn(`Migrating while others serve is not tested: ${needsServer}`);

/** Statements of the version before 0006, as it says them; each row is its own. */
const before: readonly ((n: number) => readonly [string, readonly unknown[]])[] = [
  (n) => [
    `INSERT INTO audit_events
       (id, at, type, client_id, organization, api_id, grant_type, scope, subject, token_id, error, source, detail)
     SELECT id, at, type, client_id, organization, api_id, grant_type, scope, subject, token_id, error, source, detail
     FROM jsonb_to_recordset($1::jsonb) AS event
       (id text, at timestamptz, type text, client_id text, organization text, api_id text, grant_type text,
        scope text, subject text, token_id text, error text, source text, detail jsonb)`,
    [JSON.stringify([{ id: `event-${n}`, at: new Date(), type: 'token.issued', detail: {} }])],
  ],
  (n) => [
    `INSERT INTO remote_jwks (uri, body, fetched_at, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (uri) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`,
    [`https://keys.example.test/${n % 10}`, '{"keys":[]}', new Date(), new Date()],
  ],
  (n) => ['INSERT INTO replay_guards (id, expires_at) VALUES ($1, $2)', [`guard-${n}`, new Date()]],
  (n) => [
    `INSERT INTO oidc_artefacts (model, id, payload, expires_at) VALUES ('AccessToken', $1, '{}', $2)
     ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
    [`token-${n}`, new Date()],
  ],
  (n) => [
    `UPDATE oidc_artefacts SET consumed_at = $3
     WHERE model = $1 AND id = $2 AND consumed_at IS NULL AND (expires_at IS NULL OR expires_at > $3) RETURNING id`,
    ['AccessToken', `token-${n - 1}`, new Date(0)],
  ],
  () => ['SELECT id, type FROM audit_events ORDER BY at DESC LIMIT 1', []],
];

/** A node of the version before: a session with the limits of its pool, which works until it is told to stop. */
function startNode(url: string): { stop(): Promise<{ done: number; faults: string[] }> } {
  let stopped = false;
  const faults: string[] = [];
  const work = async () => {
    const client = new pg.Client({ connectionString: url, lock_timeout: 1000, statement_timeout: 2000 });
    await client.connect();
    let done = 0;
    for (; !stopped; done += 1) {
      const [text, values] = before[done % before.length]?.(done) ?? ['', []];
      await client.query(text, [...values]).catch((error: Error) => faults.push(error.message));
    }
    await client.end();
    return done;
  };
  const working = work();
  return {
    async stop() {
      stopped = true;
      return { done: await working, faults };
    },
  };
}

const added = ['0006_taken_back_and_watched', '0007_audit_written'];

/** A database of the version before, on which the first of the new migrations cannot succeed. */
async function openBefore(): Promise<ServerDatabase> {
  const server = await openOnServer('empty');
  await server.beside.query('CREATE TABLE revocations (in_the_way integer)');
  await expect(migrate({ url: server.url })).rejects.toMatchObject({ code: 'migration_failed' });
  return server;
}

describe.skipIf(needsServer)('F-10 while a node of the version before serves', () => {
  test('a migration that fails leaves it serving, as if nothing had been tried', async () => {
    const server = await openBefore();
    const node = startNode(server.url);
    try {
      for (let attempt = 0; attempt < 3; attempt += 1)
        await expect(migrate({ url: server.url })).rejects.toMatchObject({ code: 'migration_failed' });
      const { pending } = await migrationStatus({ url: server.url });
      expect(pending.map(({ name }) => name).slice(0, 2)).toEqual(added);
    } finally {
      const { done, faults } = await node.stop();
      await server.close();
      expect([done > 0, faults]).toEqual([true, []]);
    }
  });

  test('the migrations run, and both versions work afterwards', async () => {
    const server = await openBefore();
    const node = startNode(server.url);
    const rows = async () => {
      const { rows: found } = await server.beside.query<{ count: string }>(
        'SELECT count(*) FROM audit_events',
      );
      return Number(found[0]?.count);
    };
    try {
      await eventually(async () => ((await rows()) > 50 ? true : undefined));
      await server.beside.query('DROP TABLE revocations');
      expect(await migrate({ url: server.url })).toEqual(expect.arrayContaining(added));
      const migrated = await rows();
      await eventually(async () => ((await rows()) > migrated + 50 ? true : undefined));
      // What the old version writes from then on, the sealer of the new one finds.
      const { rows: unwritten } = await server.beside.query(
        `SELECT count(*)::integer AS early FROM audit_events WHERE written = '0'`,
      );
      expect(unwritten).toEqual([
        { early: expect.toSatisfy((early: number) => early >= 50 && early <= migrated) },
      ]);
    } finally {
      const { faults } = await node.stop();
      await server.close();
      expect(faults).toEqual([]);
    }
  });

  test('and somebody reads the tables, as a backup does: nobody waits too long for the migration that waits', async () => {
    const server = await openBefore();
    const node = startNode(server.url);
    try {
      await server.beside.query('DROP TABLE revocations');
      await server.beside.query('BEGIN');
      await server.beside.query('SELECT FROM audit_events LIMIT 1');
      const migrating = migrate({ url: server.url });
      // It waits for the reader, gives way to those behind it, and tries again.
      const tries = new Set<string>();
      await eventually(async () => {
        const waiting = await server.db.query<{ since: string }>({
          name: '',
          text: `SELECT query_start::text AS since FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE audit_events%'`,
        });
        for (const { since } of waiting) tries.add(since);
        return tries.size >= 3 || undefined;
      });
      await server.beside.query('COMMIT');
      expect(await migrating).toEqual(expect.arrayContaining(added));
    } finally {
      const { done, faults } = await node.stop();
      await server.close();
      expect([done > 0, faults]).toEqual([true, []]);
    }
  });
});
