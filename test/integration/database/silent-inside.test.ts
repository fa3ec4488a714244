import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDatabase } from '../../../src/db/handle.ts';
import type { Database } from '../../../src/db/index.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { createServerDatabase, onServer } from '../../support/database.ts';
import { watchClients } from './clients.ts';
import { layWire, type Wire } from './wire.ts';

/**
 * A transaction whose connection falls silent is given up after one silence: nothing more is asked over that connection, which would
 * have to wait for another one (3 s, docs/reliability.md), and the pool gets its place back.
 */

if (!onServer)
  console.warn('A silence inside a transaction is not tested: the embedded database has no wire');

/** Connections of one node. */
const POOL = 10;

describe.skipIf(!onServer)(
  'F-12 a database that falls silent inside a transaction',
  { timeout: 30_000 },
  () => {
    let line: Wire;
    let db: Database;
    let drop: () => Promise<void>;
    let asked: () => readonly string[];

    beforeEach(async () => {
      const created = await createServerDatabase('empty');
      drop = created.drop;
      line = await layWire(new URL(created.url));
      db = createDatabase(await openPostgres(line.url, () => {}));
      asked = watchClients(Number(new URL(line.url).port));
      line.silenceAt('SELECT 2');
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      line.close();
      await db.close();
      await drop();
    });

    const select = (number: number) =>
      db.query({ name: `number_${number}`, text: `SELECT ${number} AS one` });

    /** The last that was asked is the statement that got no answer, and its connection is not in the pool any more. */
    function expectGivenUp(): void {
      expect(asked().at(-1)).toBe('SELECT 2 AS one');
      expect(db.load()).toEqual({ total: POOL - 1, idle: POOL - 1, waiting: 0 });
    }

    test('is sent no ROLLBACK', async () => {
      const inside = db.transaction(async () => {
        await select(1);
        await select(2);
      });
      await expect(inside).rejects.toThrow(DatabaseUnavailable);
      expectGivenUp();
    });

    test('is sent none by work that ends with an error of its own', async () => {
      const inside = db.transaction(async () => {
        await select(2).catch(() => {});
        throw new Error('the work has another opinion');
      });
      await expect(inside).rejects.toThrow('the work has another opinion');
      expectGivenUp();
    });

    test('is sent no COMMIT by work that takes no notice', async () => {
      await expect(db.transaction(() => select(2).catch(() => {}))).rejects.toThrow(DatabaseUnavailable);
      expectGivenUp();
    });

    test('is sent no other statement: each fails with the same fault at once', async () => {
      const inside = db.transaction(async () => {
        await select(2).catch(() => {});
        await select(3);
      });
      await expect(inside).rejects.toThrow(DatabaseUnavailable);
      expectGivenUp();
    });

    test('is sent no ROLLBACK by a deferred scope that wants one', async () => {
      await db.deferred(async () => {
        await db.begin();
        await select(2).catch(() => {});
        return 'rollback';
      });
      expectGivenUp();
    });

    test('is sent neither by a deferred scope that rejects, or that wants to commit', async () => {
      const rejects = db.deferred(async () => {
        await db.begin();
        await select(2);
        return 'commit';
      });
      await expect(rejects).rejects.toThrow(DatabaseUnavailable);
      expectGivenUp();
      line.silence(false);
      line.silenceAt('SELECT 2');
      const commits = db.deferred(async () => {
        await db.begin();
        await select(2).catch(() => {});
        return 'commit';
      });
      await expect(commits).rejects.toThrow(DatabaseUnavailable);
      expect(asked().at(-1)).toBe('SELECT 2 AS one');
      expect(db.load().total).toBe(POOL - 2);
    });
  },
);

describe.skipIf(!onServer)('a transaction whose connection is well', () => {
  test.for([
    ['its own', new Error('something else')],
    [
      'somebody else’s connection',
      Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    ],
  ] as const)('is rolled back after a fault of %s, and its connection stays', async ([, fault]) => {
    const { url, drop } = await createServerDatabase('empty');
    const db = createDatabase(await openPostgres(url, () => {}));
    const make = db.transaction(async () => {
      await db.query({ name: '', text: 'CREATE TABLE stories (name text)' });
      throw fault;
    });
    await expect(make).rejects.toThrow();
    const [row] = await db.query<{ there: boolean }>({
      name: '',
      text: `SELECT to_regclass('stories') IS NOT NULL AS there`,
    });
    expect(row).toEqual({ there: false });
    expect(db.load()).toEqual({ total: POOL, idle: POOL, waiting: 0 });
    await db.close();
    await drop();
  });
});
