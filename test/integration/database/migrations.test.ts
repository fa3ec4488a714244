import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrate, migrationStatus, openDatabase } from '../../../src/db/index.ts';
import { startScript } from '../../support/child.ts';
import { openTestDatabase } from '../../support/database.ts';
import { together } from '../storage/artefacts.ts';
import { needsServer, openOnServer, type ServerDatabase, until } from './server.ts';

if (needsServer) console.warn(`Races of migrations are not tested: ${needsServer}`);
else console.warn('The empty embedded database is not tested: DATABASE_URL is set');

const all = [
  '0001_first_token',
  '0002_a_person_authorises',
  '0003_a_practitioner_asks',
  '0004_key_rotation',
  '0005_consents_by_role',
  '0006_taken_back_and_watched',
  '0007_audit_written',
  '0008_consumed_by_one_clock',
  '0009_oldest_program',
  '0010_people_decide',
  '0011_audit_by_person',
  '0012_proofs_counted',
];

describe('on either database', () => {
  test('what was migrated has nothing pending, and migrating again does nothing', async () => {
    const { db, target } = await openTestDatabase();
    expect(await migrationStatus(target)).toEqual({ applied: all, pending: [], unknown: [], breaking: [] });
    expect(await migrate(target)).toEqual([]);
    await db.close();
  });

  test('has the same tables', async () => {
    const { db } = await openTestDatabase();
    const rows = await db.query<{ name: string }>({
      name: '',
      text: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
    });
    expect(rows.map((row) => row.name)).toEqual([
      'account_identifiers',
      'accounts',
      'anonymous_denials',
      'apis',
      'audit_chain',
      'audit_events',
      'audit_head',
      'authenticators',
      'browser_sessions',
      'client_apis',
      'client_secrets',
      'clients',
      'consent_answers',
      'consents',
      'demo_marker',
      'demo_resources',
      'grants',
      'health_identifiers',
      'identity_sources',
      'knex_migrations',
      'knex_migrations_lock',
      'linked_identities',
      'logout_notices',
      'mails',
      'migration_requirements',
      'oidc_artefacts',
      'one_time_links',
      'organizations',
      'passkeys',
      'practitioner_roles',
      'practitioners',
      'rate_limits',
      'recovery_codes',
      'remote_jwks',
      'replay_guards',
      'revocations',
      'signing_keys',
      'source_requests',
    ]);
    await db.close();
  });
});

describe.skipIf(needsServer === undefined)('on an empty embedded database', () => {
  test('everything is pending, then applied; looking changes nothing', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'assent-migrations-'));
    const { db, target } = await openDatabase({ url: undefined, dataDir, onError: () => {} });
    for (let look = 0; look < 2; look += 1) {
      const { applied, pending } = await migrationStatus(target);
      expect([applied, pending.map(({ name }) => name)]).toEqual([[], all]);
    }
    expect(await migrate(target)).toEqual(all);
    expect(await migrationStatus(target)).toEqual({ applied: all, pending: [], unknown: [], breaking: [] });
    expect(await db.query({ name: '', text: 'SELECT FROM clients' })).toEqual([]);
    await db.close();
    rmSync(dataDir, { recursive: true });
  });
});

describe.skipIf(needsServer)('on an empty PostgreSQL database', () => {
  const withEmpty = async (story: (server: ServerDatabase) => Promise<void>) => {
    const server = await openOnServer('empty');
    await story(server).finally(() => server.close());
  };

  const lockRow = async ({ beside }: ServerDatabase) =>
    (await beside.query<{ is_locked: number }>('SELECT is_locked FROM knex_migrations_lock')).rows;

  test('everything is pending, then applied', () =>
    withEmpty(async ({ url }) => {
      expect(await migrationStatus({ url })).toMatchObject({
        applied: [],
        pending: all.map((name) => ({ name })),
      });
      expect(await migrate({ url })).toEqual(all);
      expect(await migrationStatus({ url })).toEqual({
        applied: all,
        pending: [],
        unknown: [],
        breaking: [],
      });
    }));

  test('F-10 five starters at once: one migrates, the others wait, none fails', () =>
    withEmpty(async (server) => {
      const applied = await together(5, () => migrate({ url: server.url }));
      expect(applied.flat()).toEqual(all);
      const { rows } = await server.beside.query('SELECT name FROM knex_migrations');
      expect(rows).toEqual(all.map((name) => ({ name })));
    }));

  test('F-10 a starter killed inside a migration does not stand in the way of the next', () =>
    withEmpty(async (server) => {
      // A table of the same name, not yet committed, keeps the migration waiting in its middle.
      await server.beside.query('BEGIN');
      await server.beside.query('CREATE TABLE organizations (in_the_way integer)');
      const child = startScript('test/integration/database/children/migrate.ts', [server.url]);
      await until('the migration waits', async () => {
        const waiting = await server.db.query({
          name: '',
          text: `SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'CREATE TABLE%'`,
        });
        return waiting.length === 1;
      });
      child.signal('SIGKILL');
      expect((await child.finished).stdout).toBe('');
      await server.beside.query('ROLLBACK');
      expect(await migrate({ url: server.url })).toEqual(all);
      expect(await lockRow(server)).toEqual([{ is_locked: 0 }]);
    }));

  test("knex's own lock, left set on a migrated database, is set free", () =>
    withEmpty(async (server) => {
      await migrate({ url: server.url });
      await server.beside.query('UPDATE knex_migrations_lock SET is_locked = 1');
      expect(await migrate({ url: server.url })).toEqual([]);
      expect(await lockRow(server)).toEqual([{ is_locked: 0 }]);
    }));

  test('F-10 a migration that cannot be applied says why in one line, and leaves nothing behind', () =>
    withEmpty(async (server) => {
      await server.beside.query('CREATE TABLE clients (somebody_elses integer)');
      const attempt = migrate({ url: server.url });
      await expect(attempt).rejects.toMatchObject({
        code: 'migration_failed',
        message: 'The database could not be migrated: relation "clients" already exists',
      });
      expect(await migrationStatus({ url: server.url })).toMatchObject({ applied: [] });
      const { rows } = await server.beside.query(`SELECT to_regclass('organizations') AS organizations`);
      expect(rows).toEqual([{ organizations: null }]);
    }));
});
