import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { needsServer, openOnServer, type ServerDatabase, until } from './server.ts';

/** What is left of a deferred scope whose end comes at an awkward moment: nothing may stay open. */

/** Statements of sessions that hold a transaction open although nobody works in it. */
const idle = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;

describe('a scope that ends', () => {
  let opened: TestDatabase;
  beforeAll(async () => {
    opened = await openTestDatabase();
  });
  afterAll(() => opened.db.close());

  /** The embedded database has one session: an open transaction would keep every other query waiting. */
  const settled = async () => {
    const { db } = opened;
    const rows = await Promise.race([
      db.query({ name: '', text: idle }),
      new Promise<undefined>((resolve) => setTimeout(resolve, 4000, undefined)),
    ]);
    return rows?.length === 0;
  };

  test('while begin is still under way leaves no transaction open', async () => {
    const { db } = opened;
    await db.deferred(async () => {
      void db.begin().catch(() => {});
      return 'rollback';
    });
    expect(await settled()).toBe(true);
  });

  test('by a fault while begin is still under way leaves no transaction open', async () => {
    const { db } = opened;
    const work = db.deferred(async () => {
      await Promise.all([db.begin(), Promise.reject(new Error('something else failed'))]);
      return 'commit';
    });
    await expect(work).rejects.toThrow('something else failed');
    expect(await settled()).toBe(true);
  });

  test('lets nothing begin any more', async () => {
    const { db } = opened;
    let late = async (): Promise<unknown> => undefined;
    await db.deferred(async () => {
      const bound = AsyncLocalStorage.snapshot();
      late = () => bound(() => db.begin());
      return 'rollback';
    });
    await Promise.race([late().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1000))]);
    expect(await settled()).toBe(true);
  });
});

if (needsServer !== undefined) console.warn(`A lost connection is not tested: ${needsServer}`);

describe.skipIf(needsServer !== undefined)('a connection that is lost in a deferred scope', () => {
  let opened: ServerDatabase;
  beforeAll(async () => {
    opened = await openOnServer('empty');
    await opened.db.query({ name: '', text: 'CREATE TABLE stories (name text PRIMARY KEY)' });
  });
  afterAll(() => opened.close());

  const add = (name: string) =>
    opened.db.query({ name: 'stories_add', text: 'INSERT INTO stories (name) VALUES ($1)' }, [name]);
  const kept = async () => (await opened.beside.query('SELECT name FROM stories')).rows.length;

  /** Ends the session that holds the transaction, and waits until it is gone. */
  async function cut(): Promise<void> {
    await opened.beside.query(`SELECT pg_terminate_backend(pid) FROM (${idle}) AS open`);
    await until('the session is gone', async () => (await opened.beside.query(idle)).rows.length === 0);
  }

  test('between two statements: a passing fault, nothing kept, and the handle works on', async () => {
    const work = opened.db.deferred(async () => {
      await opened.db.begin();
      await add('first');
      await cut();
      await add('second');
      return 'commit';
    });
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    expect(await kept()).toBe(0);
    expect(await opened.db.query({ name: 'one', text: 'SELECT 1 AS one' })).toEqual([{ one: 1 }]);
  });

  test('before the commit: a passing fault, never taken for a success', async () => {
    const work = opened.db.deferred(async () => {
      await opened.db.begin();
      await add('last');
      await cut();
      return 'commit';
    });
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    expect(await kept()).toBe(0);
  });

  test('before the rollback: nothing to report', async () => {
    await opened.db.deferred(async () => {
      await opened.db.begin();
      await add('never');
      await cut();
      return 'rollback';
    });
    expect(await kept()).toBe(0);
  });

  test('leaves as many connections as before: ten scopes at once, ten times', async () => {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 10 }, () =>
          opened.db.deferred(async () => {
            await opened.db.begin();
            return 'rollback';
          }),
        ),
      );
    }
    expect((await opened.beside.query(idle)).rows).toEqual([]);
  });
});
