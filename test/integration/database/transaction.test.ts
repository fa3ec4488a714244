import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/index.ts';
import { refuseInsideTransaction } from '../../../src/db/index.ts';
import { openTestDatabase } from '../../support/database.ts';

let db: Database;
let other: Database;

const add = (name: string, handle = db) =>
  handle.query({ name: 'stories_add', text: 'INSERT INTO stories (name) VALUES ($1)' }, [name]);

const names = async () => {
  const rows = await db.query<{ name: string }>({ name: '', text: 'SELECT name FROM stories ORDER BY name' });
  return rows.map((row) => row.name);
};

beforeAll(async () => {
  ({ db } = await openTestDatabase());
  ({ db: other } = await openTestDatabase());
  for (const handle of [db, other]) {
    await handle.query({ name: '', text: 'CREATE TABLE stories (name text PRIMARY KEY)' });
  }
});
afterAll(async () => {
  await db.close();
  await other.close();
});

describe('a transaction', () => {
  test('commits what every query in it did, and gives back its result', async () => {
    const result = await db.transaction(async () => {
      await add('committed 1');
      await Promise.all([add('committed 2'), add('committed 3')]);
      expect(db.inTransaction()).toBe(true);
      return 'done';
    });
    expect(result).toBe('done');
    expect(db.inTransaction()).toBe(false);
    expect(await names()).toEqual(expect.arrayContaining(['committed 1', 'committed 2', 'committed 3']));
  });

  test('is carried by the call stack, not by a parameter', async () => {
    const deep = async (levels: number): Promise<void> => {
      if (levels > 0) return deep(levels - 1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(db.inTransaction()).toBe(true);
      await add('from deep below');
      throw new Error('and back');
    };
    await expect(db.transaction(() => deep(20))).rejects.toThrow('and back');
    expect(await names()).not.toContain('from deep below');
  });

  test('undoes everything when its work throws, and passes the error on', async () => {
    const fault = new Error('the story ends here');
    const work = db.transaction(async () => {
      await add('undone');
      throw fault;
    });
    await expect(work).rejects.toBe(fault);
    expect(await names()).not.toContain('undone');
  });

  test('composed with knex belongs to it, too', async () => {
    const work = db.transaction(async () => {
      await db.run(db.sql('stories').insert({ name: 'composed' }));
      expect(await db.run(db.sql('stories').select('name').where({ name: 'composed' }))).toHaveLength(1);
      throw new Error('the story ends here');
    });
    await expect(work).rejects.toThrow('the story ends here');
    expect(await names()).not.toContain('composed');
  });

  test('inside a transaction is the same transaction', async () => {
    const work = db.transaction(async () => {
      await db.transaction(() => add('inner'));
      expect(await names()).toContain('inner');
      throw new Error('the outer one ends here');
    });
    await expect(work).rejects.toThrow('the outer one ends here');
    expect(await names()).not.toContain('inner');
  });

  test('inside a transaction that rejects undoes the whole, though somebody in between swallows the error', async () => {
    const outcome = await db
      .transaction(async () => {
        await db
          .transaction(async () => {
            await add('half of a pair');
            throw new Error('the other half is missing');
          })
          .catch(() => {});
      })
      .then(
        () => 'resolved',
        () => 'rejected',
      );
    expect(await names()).not.toContain('half of a pair');
    expect(outcome).toBe('rejected');
  });

  test('does not reach what runs beside it', async () => {
    const [failed, kept] = await Promise.allSettled([
      db.transaction(async () => {
        await add('beside, undone');
        throw new Error('only this one');
      }),
      db.transaction(() => add('beside, kept')),
    ]);
    expect([failed.status, kept.status]).toEqual(['rejected', 'fulfilled']);
    expect(await names()).toContain('beside, kept');
    expect(await names()).not.toContain('beside, undone');
  });
});

describe('a statement that fails inside a transaction', () => {
  test('ends it: swallowing the error commits nothing and reports it', async () => {
    await add('taken');
    const work = db.transaction(async () => {
      await add('before the fault');
      await add('taken').catch(() => {});
      return 'as if nothing had happened';
    });
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await names()).not.toContain('before the fault');
  });

  test('ends it also when nobody waits for it: never resolved and yet not stored', async () => {
    await add('taken, too');
    const outcome = await db
      .transaction(async () => {
        await add('beside a fault');
        void add('taken, too').catch(() => {});
      })
      .then(
        () => 'resolved',
        () => 'rejected',
      );
    const stored = (await names()).includes('beside a fault');
    expect({ outcome, stored }).toEqual({ outcome: stored ? 'resolved' : 'rejected', stored });
  });

  test('leaves the handle usable', async () => {
    await expect(db.transaction(() => db.query({ name: '', text: 'SELECT nonsense' }))).rejects.toMatchObject(
      {
        code: '42703',
      },
    );
    await db.transaction(() => add('after a fault'));
    expect(await names()).toContain('after a fault');
  });
});

describe('the wrong handle or the wrong time', () => {
  test('a query after the end of its transaction is refused', async () => {
    let late = async (): Promise<unknown> => undefined;
    await db.transaction(async () => {
      const bound = AsyncLocalStorage.snapshot();
      late = () => bound(() => add('too late'));
    });
    await expect(late()).rejects.toMatchObject({ code: 'transaction_ended' });
    expect(await names()).not.toContain('too late');
  });

  test('another handle inside a transaction is refused, where on the embedded database it would hang', async () => {
    const work = db.transaction(async () => {
      await add('with a stranger');
      await add('stranger', other);
    });
    await expect(work).rejects.toMatchObject({ code: 'wrong_handle' });
    expect(await names()).not.toContain('with a stranger');
    const nested = db.transaction(() => other.transaction(() => add('stranger', other)));
    await expect(nested).rejects.toMatchObject({ code: 'wrong_handle' });
  });

  test('what must not be part of a transaction is refused in one, and only there', async () => {
    const work = db.transaction(async () => refuseInsideTransaction('The batch writer'));
    await expect(work).rejects.toMatchObject({
      code: 'wrong_handle',
      message: 'The batch writer was used inside a transaction',
    });
    expect(() => refuseInsideTransaction('The batch writer')).not.toThrow();
  });
});
