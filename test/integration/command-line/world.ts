import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '../../../src/db/folder-lock.ts';
import { createDatabase } from '../../../src/db/handle.ts';
import type { Database, Row } from '../../../src/db/index.ts';
import { openPglite } from '../../../src/db/pglite.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { assent, type Finished } from '../../support/child.ts';
import { createServerDatabase, onServer } from '../../support/database.ts';
import { freePort } from '../../support/server.ts';
import { masterKey } from '../../support/template.ts';

/** A database and a data folder of its own, for commands that run as processes of their own. */
export interface World {
  /** What a server of this world is started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** Runs `assent …` in this world. */
  run(...parameters: string[]): Promise<Finished>;
  /** Runs `assent …`, which must succeed, and gives what it printed. */
  out(...parameters: string[]): Promise<string>;
  /** Looks into the database; on the embedded one this needs the folder for itself. */
  look<T>(work: (sql: <R extends object = Row>(text: string) => Promise<R[]>) => Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

/**
 * Makes a world: the demo world on a migrated database, or nothing at all.
 *
 * @param from `empty` is an empty database on a server; the embedded one is migrated and seeded by whatever comes first
 */
export async function createWorld(from: 'template' | 'empty' = 'template'): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-world-'));
  const server = onServer ? await createServerDatabase(from) : undefined;
  const env = {
    PORT: String(await freePort()),
    DATA_DIR: dataDir,
    ASSENT_MASTER_KEY: masterKey,
    DEMO: '1',
    ...(server === undefined ? {} : { DATABASE_URL: server.url }),
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
  };

  async function open(): Promise<Database> {
    if (server !== undefined) return createDatabase(await openPostgres(server.url, () => {}));
    const unlock = await lockFolder(dataDir);
    const db = createDatabase(await openPglite({ folder: join(dataDir, 'pglite') }));
    return { ...db, close: () => db.close().then(unlock) };
  }

  const run = (...parameters: string[]) => assent(parameters, env);
  async function out(...parameters: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...parameters);
    if (code !== 0 || stderr !== '')
      throw new Error(`assent ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
    return stdout;
  }
  if (from === 'template') await out('seed', 'demo');
  return {
    env,
    dataDir,
    run,
    out,
    async look(work) {
      const db = await open();
      return work((text) => db.query({ name: '', text })).finally(() => db.close());
    },
    async dispose() {
      await server?.drop();
      rmSync(dataDir, { recursive: true });
    },
  };
}
