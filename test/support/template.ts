import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { readConfig } from '../../src/config/index.ts';
import { createDatabase } from '../../src/db/handle.ts';
import { type OpenedDatabase, openDatabase } from '../../src/db/index.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openPglite } from '../../src/db/pglite.ts';
import { createServices } from '../../src/services.ts';

/** What every test file starts from: a migrated database with signing keys, to be copied. */
export type Template = { readonly dump: string } | { readonly server: string; readonly database: string };

declare module 'vitest' {
  interface ProvidedContext {
    template: Template;
  }
}

/** Fixed, so that the signing keys of the template can be decrypted in every test. */
export const masterKey = Buffer.alloc(32, 7).toString('base64');

async function fill(opened: OpenedDatabase, folder: string): Promise<void> {
  await migrate(opened.target);
  const config = readConfig({ DATA_DIR: folder, ASSENT_MASTER_KEY: masterKey });
  await createServices(config, opened).keys.ensure();
}

async function embedded(folder: string): Promise<Template> {
  const driver = await openPglite({ folder: join(folder, 'pglite') });
  const db = createDatabase(driver);
  await fill({ db, target: { pglite: driver.pglite } }, folder);
  const dump = join(folder, 'template.tar');
  writeFileSync(dump, Buffer.from(await (await driver.pglite.dumpDataDir('none')).arrayBuffer()));
  await db.close();
  return { dump };
}

async function onServer(server: string, folder: string): Promise<Template> {
  const database = `assent_template_${process.pid}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${database}`);
  await admin.end();
  const url = new URL(server);
  url.pathname = `/${database}`;
  const opened = await openDatabase({ url: url.href, dataDir: folder, onError: () => {} });
  await fill(opened, folder);
  await opened.db.close();
  return { server, database };
}

/** Prepares the template once a run, on the embedded database or on the server of DATABASE_URL. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-template-'));
  const server = process.env.DATABASE_URL;
  const template = server === undefined ? await embedded(folder) : await onServer(server, folder);
  project.provide('template', template);
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    if (!('server' in template)) return;
    const admin = new pg.Client({ connectionString: template.server });
    await admin.connect();
    await admin.query(`DROP DATABASE IF EXISTS ${template.database} WITH (FORCE)`);
    await admin.end();
  };
}
