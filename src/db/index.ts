import { join } from 'node:path';
import type { Database } from './database.ts';
import { lockFolder } from './folder-lock.ts';
import { createDatabase } from './handle.ts';
import type { MigrationTarget } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';

export { type Cache, createCache, ONE_SECOND } from './cache.ts';
export type { Database, Row, Statement } from './database.ts';
export { isConflict, isStorable } from './faults.ts';
export { createGroup } from './group.ts';
export { refuseInsideTransaction } from './handle.ts';
export {
  createHousekeeping,
  type ExpiringTable,
  type Housekeeping,
  type Waiting,
} from './housekeeping.ts';
export { locks } from './locks.ts';
export { migrate, migrationStatus } from './migrate.ts';
export { type MigrationStatus, newerFault, refuseNewer } from './migration-status.ts';
export { describeSafety } from './migrations.ts';
export { type Answered, answeredBy, isOfRun, noteRun, type Run } from './run.ts';

/** A database handle together with where its migrations run. */
export interface OpenedDatabase {
  readonly db: Database;
  readonly target: MigrationTarget;
}

/**
 * Opens PostgreSQL when a URL is given, else the embedded database in the data folder.
 *
 * @param onError receives faults of idle connections
 * @throws Refused when the embedded database is in use by another process
 */
export async function openDatabase(options: {
  url: string | undefined;
  dataDir: string;
  onError: (error: Error) => void;
}): Promise<OpenedDatabase> {
  const { url, dataDir, onError } = options;
  if (url !== undefined) {
    return { db: createDatabase(await openPostgres(url, onError)), target: { url } };
  }
  const unlock = await lockFolder(dataDir);
  const driver = await openPglite({ folder: join(dataDir, 'pglite') }).catch(async (error: unknown) => {
    await unlock();
    throw error;
  });
  const db = createDatabase(driver);
  const close = async () => {
    await db.close();
    await unlock();
  };
  return { db: { ...db, close }, target: { pglite: driver.pglite } };
}
