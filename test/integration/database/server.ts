import pg from 'pg';
import { createDatabase } from '../../../src/db/handle.ts';
import type { Database } from '../../../src/db/index.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { createServerDatabase, onServer } from '../../support/database.ts';

/** Why a test cannot run here; undefined where it can. */
export const needsServer = onServer
  ? undefined
  : 'the embedded database has one session, no time-outs and no locks between sessions: set DATABASE_URL';

export interface ServerDatabase {
  readonly db: Database;
  readonly url: string;
  /** A session beside the handle's own, for looking on and for getting in the way. */
  readonly beside: pg.Client;
  close(): Promise<void>;
}

/** Opens a database of its own on the PostgreSQL server, with a session beside the handle. */
export async function openOnServer(from: 'template' | 'empty'): Promise<ServerDatabase> {
  const { url, drop } = await createServerDatabase(from);
  const db = createDatabase(await openPostgres(url, () => {}));
  const beside = new pg.Client({ connectionString: url });
  await beside.connect();
  return {
    db,
    url,
    beside,
    async close() {
      await beside.end();
      await db.close();
      await drop();
    },
  };
}

/** Asks again until the answer is true. @throws Error after `seconds` */
export async function until(what: string, check: () => Promise<boolean>, seconds = 10): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`);
  }
}
