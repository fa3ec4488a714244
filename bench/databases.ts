import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Cleanup } from './cleanup.ts';

async function administer(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Makes an empty database beside the given one, to be dropped at the end, and returns its address. */
export async function createDatabase(databaseUrl: string, label: string, cleanup: Cleanup): Promise<string> {
  const name = `assent_bench_${label.replaceAll('-', '_')}_${randomBytes(4).toString('hex')}`;
  await administer(databaseUrl, `CREATE DATABASE ${name}`);
  cleanup.defer(() => administer(databaseUrl, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** The version and the two settings that decide what a commit costs. */
export async function describePostgres(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; fsync: string; commit: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS commit`,
    );
    const [row] = rows;
    if (!row) throw new Error('PostgreSQL did not describe itself');
    return `PostgreSQL ${row.version} (fsync ${row.fsync}, synchronous_commit ${row.commit})`;
  } finally {
    await client.end();
  }
}
