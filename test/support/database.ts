import { readFileSync } from 'node:fs';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase } from '../../src/db/handle.ts';
import type { OpenedDatabase } from '../../src/db/index.ts';
import { openDatabase } from '../../src/db/index.ts';
import { openPglite } from '../../src/db/pglite.ts';

export interface TestDatabase extends OpenedDatabase {
  /** URL of the copy on a server; undefined on the embedded database. */
  readonly url: string | undefined;
}

let copies = 0;

async function administer(server: string, sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

/** Whether the tests run on a PostgreSQL server: races, time-outs and locks mean something only there. */
export const onServer = process.env.DATABASE_URL !== undefined;

/** Creates a database of its own on the server, empty or a copy of the template; `drop` removes it. */
export async function createServerDatabase(
  from: 'template' | 'empty',
): Promise<{ url: string; drop(): Promise<void> }> {
  const template = inject('template');
  if (!('server' in template)) throw new Error('needs DATABASE_URL');
  copies += 1;
  const name = `assent_test_${process.pid}_${copies}`;
  await administer(
    template.server,
    `CREATE DATABASE ${name} ${from === 'template' ? `TEMPLATE ${template.database}` : ''}`,
  );
  const url = new URL(template.server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => administer(template.server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Opens a copy of the template that belongs to the caller alone. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const template = inject('template');
  if ('dump' in template) {
    const driver = await openPglite({ dump: new Blob([readFileSync(template.dump)]) });
    return { db: createDatabase(driver), target: { pglite: driver.pglite }, url: undefined };
  }
  const { url, drop } = await createServerDatabase('template');
  const { db, target } = await openDatabase({ url, dataDir: '', onError: () => {} });
  const close = async () => {
    await db.close();
    await drop();
  };
  return { db: { ...db, close }, target, url };
}
