import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createDatabase } from '../../../src/db/handle.ts';
import { createHousekeeping, type Database, type Housekeeping } from '../../../src/db/index.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { expiringTables } from '../../../src/retention.ts';
import { ago, countOf, empty, HOUR, insert, keysOf } from './expired.ts';
import { needsServer, openOnServer, type ServerDatabase } from './server.ts';

if (needsServer) console.warn(`Housekeeping beside others is not tested: ${needsServer}`);

describe.skipIf(needsServer)('F-14 housekeeping beside others', () => {
  let server: ServerDatabase;
  /** The handle of a second node. */
  let second: Database;
  const running: Housekeeping[] = [];

  beforeAll(async () => {
    server = await openOnServer('template');
    second = createDatabase(await openPostgres(server.url, () => {}));
  });
  afterEach(async () => {
    await server.beside.query('ROLLBACK');
    for (const one of running.splice(0)) await one.close();
    await empty(server.db);
  });
  afterAll(async () => {
    await second?.close();
    await server?.close();
  });

  function start(db: Database = server.db): Housekeeping {
    const housekeeping = createHousekeeping({
      db,
      clock: systemClock,
      tables: expiringTables,
      every: HOUR,
      onError(error) {
        throw error;
      },
    });
    running.push(housekeeping);
    return housekeeping;
  }

  test('leaves a row that somebody holds, and clears it away the next time', async () => {
    const { db, beside } = server;
    const housekeeping = start();
    await insert(db, 'oidc_artefacts', 'token ', { at: ago(HOUR), count: 5 });
    await beside.query('BEGIN');
    await beside.query(`SELECT FROM oidc_artefacts WHERE id = 'token 3' FOR SHARE`);
    expect(await housekeeping.round()).toBe(4);
    expect(await keysOf(db, 'oidc_artefacts')).toEqual(['token 3']);
    await beside.query('ROLLBACK');
    expect(await housekeeping.round()).toBe(1);
  });

  test('leaves a row whose life is being made longer', async () => {
    const { db, beside } = server;
    const housekeeping = start();
    await insert(db, 'rate_limits', 'account ', { at: ago(HOUR), count: 5 });
    await beside.query('BEGIN');
    await beside.query(`UPDATE rate_limits SET expire = $1 WHERE key = 'account 3'`, [Date.now() + HOUR]);
    expect(await housekeeping.round()).toBe(4);
    await beside.query('COMMIT');
    expect(await housekeeping.round()).toBe(0);
    expect(await keysOf(db, 'rate_limits')).toEqual(['account 3']);
  });

  test('leaves everything to another node that is at it', async () => {
    const { db, beside } = server;
    const housekeeping = start();
    await insert(db, 'replay_guards', 'jti ', { at: ago(HOUR), count: 5 });
    await beside.query('BEGIN');
    await beside.query('SELECT pg_advisory_xact_lock(7202614)');
    expect(await housekeeping.round()).toBe(0);
    expect(await housekeeping.waiting(), 'and still says how much there is').toMatchObject({
      replay_guards: 5,
    });
    await beside.query('ROLLBACK');
    expect(await housekeeping.round()).toBe(5);
  });

  test('works on one node at a time, and every row goes once', async () => {
    let underWay = 0;
    let most = 0;
    const watched = (db: Database): Database => ({
      ...db,
      async query(statement, values) {
        if (!statement.name.startsWith('housekeeping_clear_')) return db.query(statement, values);
        underWay += 1;
        most = Math.max(most, underWay);
        try {
          return await db.query(statement, values);
        } finally {
          underWay -= 1;
        }
      },
    });
    await insert(server.db, 'replay_guards', 'jti ', { at: ago(2 * HOUR), count: 20_000, apart: 1 });
    const nodes = [start(watched(server.db)), start(watched(second))];
    let cleared = 0;
    while ((await countOf(server.db, 'replay_guards')) > 0)
      for (const rows of await Promise.all(nodes.map((node) => node.round()))) cleared += rows;
    expect(cleared).toBe(20_000);
    expect(most).toBe(1);
  });
});
