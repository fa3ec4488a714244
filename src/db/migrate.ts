import { setTimeout } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import ClientPGLite from 'knex-pglite';
import pg from 'pg';
import * as firstToken from '../../migrations/0001_first_token.ts';
import * as personAuthorises from '../../migrations/0002_a_person_authorises.ts';
import * as practitionerAsks from '../../migrations/0003_a_practitioner_asks.ts';
import * as keyRotation from '../../migrations/0004_key_rotation.ts';
import * as consentsByRole from '../../migrations/0005_consents_by_role.ts';
import * as takenBackAndWatched from '../../migrations/0006_taken_back_and_watched.ts';
import * as auditWritten from '../../migrations/0007_audit_written.ts';
import * as consumedByOneClock from '../../migrations/0008_consumed_by_one_clock.ts';
import { AssentError, DatabaseUnavailable } from '../errors.ts';
import { translate } from './faults.ts';
import type { EmbeddedDriver } from './pglite.ts';

/** One numbered change of the schema. Forward only: a mistake is mended by the next number. */
interface Migration {
  readonly name: string;
  /** SQL, one statement an entry. */
  readonly statements: readonly string[];
  /** `safe-while-running`: the version before it works on the new schema too. */
  readonly safety: string;
  /** False where PostgreSQL takes no transaction; such a migration can be run again after it was cut off. */
  readonly inTransaction?: boolean;
}

const migrations: readonly Migration[] = [
  { name: '0001_first_token', ...firstToken },
  { name: '0002_a_person_authorises', ...personAuthorises },
  { name: '0003_a_practitioner_asks', ...practitionerAsks },
  { name: '0004_key_rotation', ...keyRotation },
  { name: '0005_consents_by_role', ...consentsByRole },
  { name: '0006_taken_back_and_watched', ...takenBackAndWatched },
  { name: '0007_audit_written', ...auditWritten },
  { name: '0008_consumed_by_one_clock', ...consumedByOneClock },
];

const source: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => ({
    async up(handle) {
      const wait = (migration.inTransaction ?? true) ? MIGRATION_LOCK_WAIT : CONCURRENT_WAIT;
      await handle.raw(`SET lock_timeout = ${wait}`);
      for (const statement of migration.statements) await handle.raw(statement);
    },
    down: () => Promise.reject(new Error('Migrations go forward only')),
    config: { transaction: migration.inTransaction ?? true },
  }),
};

/** Key of the advisory lock that one migrating process holds; chosen once, arbitrary. */
const LOCK_KEY = 7_202_611;

/** How long a starter waits for another one that is migrating, in milliseconds. */
const LOCK_WAIT = 120_000;

/** Milliseconds between two of its looks. */
const LOCK_PAUSE = 100;

/** How long connecting may take, in milliseconds. */
const CONNECT_TIMEOUT = 5000;

/**
 * How long a statement of a migration waits for a table that others use, in milliseconds. Whoever comes after it waits behind
 * it, so it is short, and the migration is tried again.
 */
const MIGRATION_LOCK_WAIT = 300;

/** The pause before it is, and how long all of that may take, in milliseconds. */
const MIGRATION_PAUSE = 700;
const MIGRATION_PATIENCE = 10_000;

/** An index that is built concurrently stands in nobody's way while it waits. */
const CONCURRENT_WAIT = 60_000;

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

/** A failed migration in one line: knex puts the whole statement in front of the database's own words. */
function explain(error: unknown): unknown {
  if (error instanceof Error && error.name === 'KnexTimeoutError') return new DatabaseUnavailable(error);
  const translated = translate(error);
  if (translated instanceof AssentError || !(translated instanceof Error)) return translated;
  const reason = translated.message.split(' - ').at(-1) ?? '';
  return new AssentError('migration_failed', 500, `The database could not be migrated: ${reason}`, {
    cause: error,
  });
}

/** Where migrations run: a PostgreSQL server by its URL, or the embedded database. */
export type MigrationTarget = { readonly url: string } | { readonly pglite: EmbeddedDriver['pglite'] };

export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly Migration[];
}

/** knex closes the one PGlite session with its pool; ours stays open, so this client leaves it alone. */
class SharedPGLite extends ClientPGLite {
  override async destroyRawConnection(): Promise<void> {}
}

function open(target: MigrationTarget): Knex {
  const migrationConfig = { migrationSource: source };
  if ('pglite' in target) {
    const connection: object = { pglite: target.pglite };
    return knex({ client: SharedPGLite, connection, migrations: migrationConfig, log: silent });
  }
  const connection: object = {
    connectionString: target.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
  };
  return knex({
    client: 'pg',
    connection,
    acquireConnectionTimeout: CONNECT_TIMEOUT,
    pool: { min: 0, max: 1 },
    migrations: migrationConfig,
    log: silent,
  });
}

async function withKnex<T>(target: MigrationTarget, work: (handle: Knex) => Promise<T>): Promise<T> {
  const handle = open(target);
  try {
    return await work(handle);
  } catch (error) {
    throw explain(error);
  } finally {
    await handle.destroy();
  }
}

/**
 * Asks for the lock until it is free. A statement that waited for it would be a transaction under way, and an index that is
 * built concurrently waits for all of those: the one who has the lock for those who want it.
 */
async function takeLock(client: pg.Client): Promise<void> {
  for (let waited = 0; ; waited += LOCK_PAUSE) {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
      LOCK_KEY,
    ]);
    if (rows[0]?.held) return;
    if (waited >= LOCK_WAIT) throw new DatabaseUnavailable(new Error('another process is migrating'));
    await setTimeout(LOCK_PAUSE);
  }
}

/** Holds our own lock while `work` runs. The embedded database has one process only and needs none. */
async function withLock<T>(target: MigrationTarget, work: () => Promise<T>): Promise<T> {
  if (!('url' in target)) return work();
  const client = new pg.Client({
    connectionString: target.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await takeLock(client);
    return await work();
  } catch (error) {
    throw translate(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Which migrations the database has, and which it lacks. */
export function migrationStatus(target: MigrationTarget): Promise<MigrationStatus> {
  return withKnex(target, async (handle) => {
    const has = await handle.schema.hasTable('knex_migrations');
    const rows: { name: string }[] = has ? await handle('knex_migrations').select('name').orderBy('id') : [];
    const applied = rows.map((row) => row.name);
    return { applied, pending: migrations.filter((migration) => !applied.includes(migration.name)) };
  });
}

/** SQLSTATE of a statement that waited for a lock for too long. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Applies the next migration, again and again while it finds a table in use. Each try is rolled back as a whole. */
async function patiently(up: () => Promise<[number, string[]]>): Promise<string[]> {
  for (let waited = 0; ; waited += MIGRATION_LOCK_WAIT + MIGRATION_PAUSE) {
    try {
      const [, done] = await up();
      return done;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== LOCK_NOT_AVAILABLE || waited >= MIGRATION_PATIENCE) throw error;
      await setTimeout(MIGRATION_PAUSE);
    }
  }
}

/**
 * Brings the schema up to date and returns the names that were applied.
 *
 * Several processes may start at once: one migrates, the others wait. knex's own lock row is set free
 * first, because a process that was killed inside a migration leaves it set and every later start would
 * fail; our advisory lock, which ends with its session, makes that safe. Each migration is one
 * transaction, unless it says otherwise.
 */
export function migrate(target: MigrationTarget): Promise<readonly string[]> {
  return withLock(target, () =>
    withKnex(target, async (handle) => {
      await handle.migrate.forceFreeMigrationsLock();
      const applied: string[] = [];
      for (;;) {
        // One at a time: for several at once knex would give up their transactions because one of them has none.
        const done = await patiently(() => handle.migrate.up() as Promise<[number, string[]]>);
        if (done.length === 0) break;
        applied.push(...done);
      }
      return applied;
    }),
  );
}
