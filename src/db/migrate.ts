import { setTimeout } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import ClientPGLite from 'knex-pglite';
import pg from 'pg';
import { AssentError, DatabaseUnavailable } from '../errors.ts';
import { translate } from './faults.ts';
import { locks } from './locks.ts';
import { type MigrationStatus, readStatus, refuseForeign, writeRequirement } from './migration-status.ts';
import { type Migration, migrations } from './migrations.ts';
import type { EmbeddedDriver } from './pglite.ts';

/** The migrations of a program, as knex wants them. */
const sourceOf = (program: readonly Migration[]): Knex.MigrationSource<Migration> => ({
  getMigrations: async () => [...program],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => ({
    async up(handle) {
      const wait = (migration.inTransaction ?? true) ? MIGRATION_LOCK_WAIT : CONCURRENT_WAIT;
      await handle.raw(`SET lock_timeout = ${wait}`);
      // First: where there is no transaction, it may be cut off in its middle.
      await writeRequirement(handle, migration);
      for (const statement of migration.statements) await handle.raw(statement);
    },
    down: () => Promise.reject(new Error('Migrations go forward only')),
    config: { transaction: migration.inTransaction ?? true },
  }),
});

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
  return new AssentError('migration_failed', `The database could not be migrated: ${reason}`, {
    cause: error,
  });
}

/** Where migrations run: a PostgreSQL server by its URL, or the embedded database. */
export type MigrationTarget = { readonly url: string } | { readonly pglite: EmbeddedDriver['pglite'] };

/** knex closes the one PGlite session with its pool; ours stays open, so this client leaves it alone. */
class SharedPGLite extends ClientPGLite {
  override async destroyRawConnection(): Promise<void> {}
}

function open(target: MigrationTarget, program: readonly Migration[]): Knex {
  // What a newer program has added is looked at here, not by knex, which would call it corrupt.
  const migrationConfig = { migrationSource: sourceOf(program), disableMigrationsListValidation: true };
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

async function withKnex<T>(
  target: MigrationTarget,
  program: readonly Migration[],
  work: (handle: Knex) => Promise<T>,
): Promise<T> {
  const handle = open(target, program);
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
      locks.migration,
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

/**
 * Which migrations the database has, and which it lacks.
 *
 * @param program the migrations of the program that asks
 */
export function migrationStatus(
  target: MigrationTarget,
  program: readonly Migration[] = migrations,
): Promise<MigrationStatus> {
  return withKnex(target, program, (handle) => readStatus(handle, program));
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
 *
 * @param program the migrations of the program that migrates
 * @throws Refused when a newer program has migrated the database and this one must leave it alone
 */
export function migrate(
  target: MigrationTarget,
  program: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  return withLock(target, () =>
    withKnex(target, program, async (handle) => {
      refuseForeign(await readStatus(handle, program));
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
