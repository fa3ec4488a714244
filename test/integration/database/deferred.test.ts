import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/index.ts';
import { openTestDatabase } from '../../support/database.ts';

/** A transaction that begins in the middle of the work it belongs to: `deferred` and `begin`. */

let db: Database;

const add = (name: string) =>
  db.query({ name: 'stories_add', text: 'INSERT INTO stories (name) VALUES ($1)' }, [name]);

const has = async (name: string) => {
  const rows = await db.query({ name: '', text: 'SELECT name FROM stories WHERE name = $1' }, [name]);
  return rows.length === 1;
};

beforeAll(async () => {
  ({ db } = await openTestDatabase());
  await db.query({ name: '', text: 'CREATE TABLE stories (name text PRIMARY KEY)' });
});
afterAll(() => db.close());

describe('a deferred scope', () => {
  test('is no transaction before begin, and one afterwards', async () => {
    const seen: boolean[] = [];
    await db.deferred(async () => {
      seen.push(db.inTransaction());
      await db.begin();
      seen.push(db.inTransaction());
      return 'commit';
    });
    expect([...seen, db.inTransaction()]).toEqual([false, true, false]);
  });

  test('keeps what came after begin when it ends with commit', async () => {
    await db.deferred(async () => {
      await db.begin();
      await add('committed');
      return 'commit';
    });
    expect(await has('committed')).toBe(true);
  });

  test('undoes what came after begin when it ends with rollback, and nothing that came before', async () => {
    await db.deferred(async () => {
      await add('before begin');
      await db.begin();
      await add('rolled back');
      return 'rollback';
    });
    expect([await has('before begin'), await has('rolled back')]).toEqual([true, false]);
  });

  test.each(['commit', 'rollback'] as const)(
    'has nothing to end with %s when nothing began',
    async (wish) => {
      await db.deferred(async () => {
        await add(`alone, ${wish}`);
        return wish;
      });
      expect(await has(`alone, ${wish}`)).toBe(true);
    },
  );

  test('begins once, however often and from how many places it is told to', async () => {
    await db.deferred(async () => {
      await Promise.all([db.begin(), db.begin()]);
      await add('begun once');
      await db.begin();
      return 'rollback';
    });
    expect(await has('begun once')).toBe(false);
  });

  test('reaches as deep as the call stack, and includes transactions inside', async () => {
    const deep = async (levels: number): Promise<void> => {
      if (levels > 0) return deep(levels - 1);
      await new Promise((resolve) => setImmediate(resolve));
      await db.begin();
    };
    await db.deferred(async () => {
      await deep(20);
      await db.transaction(() => add('inside, undone'));
      return 'rollback';
    });
    expect(await has('inside, undone')).toBe(false);
  });

  test('leaves a transaction that is over before begin alone', async () => {
    await db.deferred(async () => {
      await db.transaction(() => add('over before begin'));
      await db.begin();
      return 'rollback';
    });
    expect(await has('over before begin')).toBe(true);
  });

  test('does not reach what runs beside it: of two at once one is undone', async () => {
    const scope = (name: string, wish: 'commit' | 'rollback') =>
      db.deferred(async () => {
        await db.begin();
        await add(name);
        return wish;
      });
    await Promise.all([scope('beside, kept', 'commit'), scope('beside, undone', 'rollback')]);
    expect([await has('beside, kept'), await has('beside, undone')]).toEqual([true, false]);
  });
});

describe('a fault in a deferred scope', () => {
  test.each([true, false])(
    'thrown by the work is passed on, and undoes what was begun (%s)',
    async (begun) => {
      const fault = new Error('the story ends here');
      const name = `thrown, begun ${begun}`;
      const work = db.deferred(async () => {
        if (begun) await db.begin();
        await add(name);
        throw fault;
      });
      await expect(work).rejects.toBe(fault);
      expect(await has(name)).toBe(!begun);
    },
  );

  test('of a statement ends it: swallowing the error commits nothing and reports it', async () => {
    await add('taken');
    const work = db.deferred(async () => {
      await db.begin();
      await add('before the fault');
      await add('taken').catch(() => {});
      return 'commit';
    });
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await has('before the fault')).toBe(false);
  });

  test('of a statement is no fault of a scope that ends with rollback anyway', async () => {
    await add('taken, too');
    await db.deferred(async () => {
      await db.begin();
      await add('taken, too').catch(() => {});
      return 'rollback';
    });
  });

  test('of a transaction inside, swallowed, undoes the whole', async () => {
    const work = db.deferred(async () => {
      await db.begin();
      const half = db.transaction(async () => {
        await add('half of a pair');
        throw new Error('the other half is missing');
      });
      await half.catch(() => {});
      return 'commit';
    });
    await expect(work).rejects.toThrow('the other half is missing');
    expect(await has('half of a pair')).toBe(false);
  });

  test('leaves the handle usable', async () => {
    const scope = db.deferred(async () => {
      await db.begin();
      await db.query({ name: '', text: 'SELECT nonsense' });
      return 'commit';
    });
    await expect(scope).rejects.toMatchObject({ code: '42703' });
    await db.transaction(() => add('after a fault'));
    expect(await has('after a fault')).toBe(true);
  });
});
