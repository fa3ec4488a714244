import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { startScript } from '../../support/child.ts';
import { needsServer, openOnServer, type ServerDatabase, until } from './server.ts';

if (needsServer) console.warn(`The PostgreSQL pool is not tested: ${needsServer}`);

/** What every caller of the handle sees of a passing fault: a 503 without a word about the inside. */
const unavailable = {
  name: 'DatabaseUnavailable',
  code: 'database_unavailable',
  statusCode: 503,
  message: 'The service cannot reach its database at the moment',
};

describe.skipIf(needsServer)('on PostgreSQL', () => {
  let server: ServerDatabase;
  beforeAll(async () => {
    server = await openOnServer('template');
  });
  afterAll(() => server.close());

  async function besideNumber(sql: string, values: unknown[] = []): Promise<number> {
    const { rows } = await server.beside.query<{ number: number }>(
      `SELECT (${sql})::integer AS number`,
      values,
    );
    return Number(rows[0]?.number);
  }

  const ownSessions = `SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'assent'`;

  test('the pool is warm: ten sessions are there before the first query', async () => {
    const other = await openOnServer('template');
    const { rows } = await other.beside.query<{ count: number }>(ownSessions);
    expect(Number(rows[0]?.count)).toBe(10);
    await other.close();
  });

  test('a named statement is prepared once for its session', async () => {
    const prepared = await server.db.transaction(async () => {
      const statement = { name: 'story_prepared', text: 'SELECT $1::text AS said' };
      expect(await server.db.query(statement, ['kia ora'])).toEqual([{ said: 'kia ora' }]);
      await server.db.query(statement, ['again']);
      return server.db.query({
        name: '',
        text: "SELECT name FROM pg_prepared_statements WHERE name LIKE 'story%'",
      });
    });
    expect(prepared).toEqual([{ name: 'story_prepared' }]);
  });

  test('large numbers of the database arrive as numbers', async () => {
    expect(await server.db.query({ name: '', text: 'SELECT 9007199254740991::bigint AS n' })).toEqual([
      { n: Number.MAX_SAFE_INTEGER },
    ]);
  });

  test('F-12 a statement that takes too long is cut off', async () => {
    const slow = server.db.query({ name: '', text: 'SELECT pg_sleep(60)' });
    await expect(slow).rejects.toMatchObject({ ...unavailable, cause: { code: '57014' } });
  });

  test('F-12 a statement that waits for a lock too long is cut off', async () => {
    await server.beside.query('BEGIN');
    await server.beside.query('LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE');
    const waiting = server.db.query({ name: '', text: 'SELECT FROM organizations' });
    await expect(waiting).rejects.toMatchObject({ ...unavailable, cause: { code: '55P03' } });
    await server.beside.query('ROLLBACK');
    expect(await server.db.query({ name: '', text: 'SELECT FROM organizations' })).toBeInstanceOf(Array);
  });

  test('a transaction that is cut off inside stores nothing, and its session is good for the next', async () => {
    const work = server.db.transaction(async () => {
      await server.db.query({ name: '', text: "INSERT INTO replay_guards VALUES ('cut off', '2030-01-01')" });
      await server.db.query({ name: '', text: 'SELECT pg_sleep(60)' });
    });
    await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await besideNumber("SELECT count(*) FROM replay_guards WHERE id = 'cut off'")).toBe(0);
  });

  test('F-12 F-13 whoever finds every session busy is told so instead of waiting for ever', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const busy = Array.from({ length: 10 }, () => server.db.transaction(() => held));
    await expect(server.db.query({ name: '', text: 'SELECT 1' })).rejects.toMatchObject(unavailable);
    release();
    await Promise.all(busy);
    expect(await server.db.query({ name: '', text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  test('F-04 losing every idle session, as when PostgreSQL restarts, ends nothing: the next query works', async () => {
    await server.beside.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await until('a query works again', async () => {
      const rows = await server.db
        .query({ name: '', text: 'SELECT 1 AS one' })
        .catch((error: unknown) => error);
      // Until the pool has noticed, a query may meet a dead session: a passing fault, nothing else.
      if (rows instanceof Error) expect(rows).toMatchObject(unavailable);
      return Array.isArray(rows);
    });
  });

  test('F-04 losing a session between two statements of a transaction fails that transaction, not the process', async () => {
    const child = startScript('test/integration/database/children/idle-in-transaction.ts', [server.url]);
    await child.said('between two statements');
    await server.beside.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'idle in transaction' AND application_name = 'assent'`,
    );
    await until(
      'the session is gone',
      async () => (await besideNumber(`${ownSessions} AND state = 'idle in transaction'`)) === 0,
    );
    child.tell('go on');
    const { code, stdout, stderr } = await child.finished;
    expect(stderr).toBe('');
    expect(stdout).toContain('the transaction: database_unavailable');
    expect(stdout).toContain('the next query works');
    expect(code).toBe(0);
  });
});
