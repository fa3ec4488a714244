import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/index.ts';
import { openTestDatabase } from '../../support/database.ts';

/** Where `deferred` and `begin` must not be used, or do nothing. */

let db: Database;
let other: Database;

const add = (name: string, handle = db) =>
  handle.query({ name: 'stories_add', text: 'INSERT INTO stories (name) VALUES ($1)' }, [name]);

const has = async (name: string) => {
  const rows = await db.query({ name: '', text: 'SELECT name FROM stories WHERE name = $1' }, [name]);
  return rows.length === 1;
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

describe('a deferred scope in the wrong place', () => {
  const nothing = async () => 'commit' as const;

  test('inside a transaction is refused', async () => {
    const inside = db.transaction(() => db.deferred(nothing));
    await expect(inside).rejects.toMatchObject({ code: 'wrong_handle' });
  });

  test('inside a scope that has begun is refused', async () => {
    const inside = db.deferred(async () => {
      await db.begin();
      await db.deferred(nothing);
      return 'commit';
    });
    await expect(inside).rejects.toMatchObject({ code: 'wrong_handle' });
  });

  test('keeps other handles out once it has begun', async () => {
    const work = db.deferred(async () => {
      await db.begin();
      await add('with a stranger');
      await add('stranger', other);
      return 'commit';
    });
    await expect(work).rejects.toMatchObject({ code: 'wrong_handle' });
    expect(await has('with a stranger')).toBe(false);
  });

  test('begin outside any scope, and in a plain transaction, does nothing', async () => {
    await db.begin();
    expect(db.inTransaction()).toBe(false);
    await db.transaction(async () => {
      await db.begin();
      await add('begun twice over');
    });
    expect(await has('begun twice over')).toBe(true);
  });

  test('a query after the end of what was begun is refused', async () => {
    let late = async (): Promise<unknown> => undefined;
    await db.deferred(async () => {
      await db.begin();
      const bound = AsyncLocalStorage.snapshot();
      late = () => bound(() => add('too late'));
      return 'commit';
    });
    await expect(late()).rejects.toMatchObject({ code: 'transaction_ended' });
    expect(await has('too late')).toBe(false);
  });
});
