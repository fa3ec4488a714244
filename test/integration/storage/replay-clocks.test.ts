import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { createSqlStore, type SqlStore } from '../../../src/oidc/storage/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { arohas, fresh } from './artefacts.ts';

/**
 * RT-01, F-08: a refresh token is used up at one node and used again at another, whose clock differs. Each is less than a
 * minute from the database's, so both issue tokens.
 */

const model = 'RefreshToken';

/** A clock that is some seconds ahead of the database's, or behind it. */
const clockAt = (seconds: number): Clock => ({
  now: () => new Date(Date.now() + seconds * 1000),
  seconds: () => Math.floor(Date.now() / 1000) + seconds,
});

let opened: TestDatabase;

beforeAll(async () => {
  opened = await openTestDatabase();
});
afterAll(() => opened.db.close());

const nodeAt = (seconds: number): SqlStore => createSqlStore({ db: opened.db, clock: clockAt(seconds) });

const run = (text: string, values: readonly unknown[]) =>
  opened.db.query<{ recorded: Date | null }>({ name: '', text }, [...values]);

/** A refresh token that a node exchanged for another one, which nobody has used. */
async function exchangedAt(node: SqlStore): Promise<{ id: string; grantId: string }> {
  const [id, grantId] = [fresh('token'), fresh('grant')];
  const expiresAt = new Date(Date.now() + 86_400_000);
  await node.put(model, id, arohas({ grantId, expiresAt }));
  expect(await node.consume(model, id)).toBe(true);
  await node.put(model, fresh('token'), arohas({ grantId, expiresAt, predecessor: id }));
  return { id, grantId };
}

/** What the database's clock would say later: the test moves what it wrote back, not the clock forward. */
const pass = (seconds: number, id: string) =>
  run(
    `UPDATE oidc_artefacts SET consumed_recorded_at = consumed_recorded_at - make_interval(secs => $2)
     WHERE model = 'RefreshToken' AND id = $1`,
    [id, seconds],
  );

const judgedAt = async (node: SqlStore, id: string): Promise<boolean | undefined> =>
  (await node.replay(model, id))?.retry;

describe('RT-01 used up where the clock is 59 s ahead, used again where it is 59 s behind', () => {
  const [ahead, behind] = [59, -59];

  test.each([
    ['at once', 0, true],
    ['8 s later', 8, true],
    ['11 s later', 11, false],
    ['100 s later', 100, false],
  ])('%s: a retry by the database’s clock', async (_when, later, retry) => {
    const { id, grantId } = await exchangedAt(nodeAt(ahead));
    await pass(later, id);
    expect(await nodeAt(behind).replay(model, id)).toEqual({ grantId, retry });
    // The clock of that node goes on as well, and is still behind the time that the other one wrote.
    expect(await judgedAt(nodeAt(behind + later), id)).toBe(retry);
  });
});

describe('RT-01 used up where the clock is 59 s behind, used again where it is 59 s ahead', () => {
  test('is no retry, even at once: in doubt it is a replay', async () => {
    const { id } = await exchangedAt(nodeAt(-59));
    expect(await judgedAt(nodeAt(59), id)).toBe(false);
    expect(await judgedAt(nodeAt(-59), id)).toBe(true);
  });
});

describe('the two clocks of one node', () => {
  test.each([
    ['both say that it was just now', 8, 8, true],
    ['its own says that it was long ago', 11, 0, false],
    ['the database’s says that it was long ago', 0, 11, false],
  ])('%s', async (_what, byNode, byDatabase, retry) => {
    const { id } = await exchangedAt(nodeAt(0));
    await pass(byDatabase, id);
    expect(await judgedAt(nodeAt(byNode), id)).toBe(retry);
  });

  test('a database that took over and whose clock is behind lengthens nothing', async () => {
    const { id } = await exchangedAt(nodeAt(0));
    await pass(-30, id);
    expect(await judgedAt(nodeAt(0), id)).toBe(false);
  });
});

describe('when it was used', () => {
  test('is written by the database’s clock, once, and only for what was used', async () => {
    const { id, grantId } = await exchangedAt(nodeAt(59));
    const recorded = async () =>
      run(`SELECT consumed_recorded_at AS recorded FROM oidc_artefacts WHERE grant_id = $1 ORDER BY 1`, [
        grantId,
      ]);
    const [used, successor] = await recorded();
    const off = (used?.recorded?.getTime() ?? 0) - (await opened.db.serverTime()).getTime();
    expect(Math.abs(off)).toBeLessThan(30_000);
    expect(successor).toEqual({ recorded: null });
    expect(await nodeAt(0).consume(model, id)).toBe(false);
    await nodeAt(0).put(model, id, arohas({ grantId, expiresAt: new Date(Date.now() + 86_400_000) }));
    expect((await recorded())[0]).toEqual(used);
  });

  test('is not known where a node of the version before wrote it: no retry', async () => {
    const [id, grantId] = [fresh('token'), fresh('grant')];
    const expiresAt = new Date(Date.now() + 86_400_000);
    await nodeAt(0).put(model, id, arohas({ grantId, expiresAt }));
    // Its statement, as it says it.
    const used = await run(
      `UPDATE oidc_artefacts SET consumed_at = $3
       WHERE model = $1 AND id = $2 AND consumed_at IS NULL AND (expires_at IS NULL OR expires_at > $3) RETURNING id`,
      [model, id, new Date()],
    );
    expect(used).toHaveLength(1);
    await nodeAt(0).put(model, fresh('token'), arohas({ grantId, expiresAt, predecessor: id }));
    expect(await nodeAt(0).replay(model, id)).toEqual({ grantId, retry: false });
  });
});
