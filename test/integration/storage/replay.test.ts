import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createSqlStore, type SqlStore } from '../../../src/oidc/storage/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { shiftTime } from '../../support/time.ts';
import { arohas, fresh, together } from './artefacts.ts';

/** How the SQL store tells a client's retry from a replay (RT-01), and that no refresh token has two successors (RT-03). */

const LONG = new Date(Date.now() + 86_400_000);

let opened: TestDatabase;
let store: SqlStore;

beforeAll(async () => {
  opened = await openTestDatabase();
  store = createSqlStore({ db: opened.db, clock: systemClock });
});
afterEach(() => shiftTime(0));
afterAll(() => opened.db.close());

const model = 'RefreshToken';

/** A line of refresh tokens, each but the last used up, each naming the one before. */
async function line(length: number): Promise<{ grantId: string; ids: string[] }> {
  const grantId = fresh('grant');
  const ids: string[] = [];
  for (let index = 0; index < length; index += 1) {
    const [id, predecessor] = [fresh('token'), ids.at(-1)];
    if (predecessor !== undefined) await store.consume(model, predecessor);
    await store.put(model, id, arohas({ grantId, predecessor, expiresAt: LONG }));
    ids.push(id);
  }
  return { grantId, ids };
}

const judged = async (id: string | undefined) => store.replay(model, id ?? '');

describe('the second use of a refresh token', () => {
  test.each([
    [0, true],
    [9, true],
    [11, false],
    [86_000, false],
  ])('%i s after the first, its successor unused: a retry is %s', async (after, retry) => {
    const { grantId, ids } = await line(2);
    shiftTime(after);
    expect(await judged(ids[0])).toEqual({ grantId, retry });
  });

  test('is no retry once its successor was used', async () => {
    const { grantId, ids } = await line(3);
    expect(await judged(ids[0])).toEqual({ grantId, retry: false });
    expect(await judged(ids[1])).toEqual({ grantId, retry: true });
  });

  test('is no retry when there is no successor', async () => {
    const { grantId, ids } = await line(1);
    await store.consume(model, ids[0] ?? '');
    expect(await judged(ids[0])).toEqual({ grantId, retry: false });
  });

  test('is nothing to judge while it is unused, was never there, or is gone', async () => {
    const { grantId, ids } = await line(2);
    expect(await judged(ids[1])).toBeUndefined();
    expect(await judged(fresh('token'))).toBeUndefined();
    await store.revokeByGrantId(grantId);
    expect(await judged(ids[0])).toBeUndefined();
  });

  test('is judged apart for each model', async () => {
    const { ids } = await line(2);
    expect(await store.replay('AuthorizationCode', ids[0] ?? '')).toBeUndefined();
  });

  test('of a code is never a retry', async () => {
    const [id, grantId] = [fresh('code'), fresh('grant')];
    await store.put('AuthorizationCode', id, arohas({ grantId }));
    await store.consume('AuthorizationCode', id);
    expect(await store.replay('AuthorizationCode', id)).toEqual({ grantId, retry: false });
  });
});

describe('a successor', () => {
  test('is refused when there is one already', async () => {
    const { ids } = await line(2);
    const twin = store.put(model, fresh('twin'), arohas({ predecessor: ids[0], expiresAt: LONG }));
    await expect(twin).rejects.toMatchObject({ code: '23505' });
  });

  test('has one winner of 20 that are made at once', async () => {
    const { ids } = await line(1);
    const made = await together(20, () =>
      store.put(model, fresh('twin'), arohas({ predecessor: ids[0], expiresAt: LONG })).then(
        () => 'made',
        (error: { code?: string }) => error.code,
      ),
    );
    expect(made.toSorted()).toEqual([...Array<string>(19).fill('23505'), 'made']);
  });

  test('goes with the family, and makes room for nothing', async () => {
    const { grantId, ids } = await line(3);
    await store.revokeByGrantId(grantId);
    for (const id of ids) expect(await store.find(model, id)).toBeUndefined();
  });
});

describe('looking at a grant in a transaction', () => {
  // Work started through this belongs to no transaction, wherever it is started.
  const outside = AsyncLocalStorage.snapshot();

  test('makes its end wait until the tokens are made, and takes them along', async () => {
    const { db } = opened;
    const [grantId, token] = [fresh('grant'), fresh('token')];
    await store.put('Grant', grantId, arohas({ expiresAt: LONG }));
    const order: string[] = [];
    const end = async () => {
      await store.destroy('Grant', grantId);
      await store.revokeByGrantId(grantId);
      order.push('ended');
    };
    let ending: Promise<void> | undefined;
    await db.deferred(async () => {
      await db.begin();
      await store.find('Grant', grantId);
      order.push('looked');
      ending = outside(() => db.transaction(end));
      await store.put('AccessToken', token, arohas({ grantId, expiresAt: LONG }));
      order.push('made');
      return 'commit';
    });
    await ending;
    expect(order).toEqual(['looked', 'made', 'ended']);
    expect(await store.find('AccessToken', token)).toBeUndefined();
  });
});
