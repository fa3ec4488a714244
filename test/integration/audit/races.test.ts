import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyAudit } from '../../../src/audit/index.ts';
import { eventually } from '../../support/fixtures.ts';
import { needsServer } from '../database/server.ts';
import { chainKey, numbers, openTrail, type TrailWorld } from './trail.ts';

let world: TrailWorld;
let sessions: pg.Client[] = [];

/** A session beside those of the nodes, for what happens meanwhile. */
async function openSession(): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: world.url });
  await session.connect();
  sessions.push(session);
  return session;
}

/** Writes a row in a session, in its transaction if it is in one. */
async function write(session: pg.Client, id: string): Promise<void> {
  await session.query(
    `INSERT INTO audit_events (id, at, type, detail) VALUES ($1, '2026-07-21T09:00:00Z', 'token.issued', '{}')`,
    [id],
  );
}

const rowsOf = async () => (await world.links()).map(({ event_id: id }) => id);

/** Sessions that hold the lock of the sealer (src/audit/sealing.ts). */
const sealing = `SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND objid = 7202613
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Ends the session of whoever seals now. @returns whether there was one */
async function killSealer(): Promise<boolean> {
  const rows = await world.sql(`SELECT pg_terminate_backend(pid) AS killed FROM (${sealing}) AS sealer`);
  return rows.length > 0;
}

if (needsServer !== undefined) console.warn(`Races of sealers are not tested: ${needsServer}`);

describe.skipIf(needsServer !== undefined)('F-15 sealing while others write', () => {
  beforeAll(async () => {
    world = await openTrail();
  });
  beforeEach(() => world.reset());
  afterEach(async () => {
    for (const session of sessions) await session.end();
    sessions = [];
  });
  afterAll(() => world.close());

  test('rows of transactions that end in another order than they began are all sealed, once', async () => {
    const [one, two, three] = [await openSession(), await openSession(), await openSession()];
    const node = world.node();
    for (const session of [one, two, three]) await session.query('BEGIN');
    await write(one, 'first');
    await write(two, 'second');
    await write(three, 'third');
    await two.query('COMMIT');
    await node.poll();
    expect(await rowsOf()).toEqual(['second']);

    await world.write(1);
    await three.query('ROLLBACK');
    await node.poll();
    expect(await rowsOf()).toHaveLength(2);

    await write(one, 'first, too');
    await one.query('COMMIT');
    await node.poll();
    await node.poll();
    expect((await rowsOf()).slice(2)).toEqual(['first', 'first, too']);
    expect(await world.verify()).toMatchObject({ sealed: 4, unsealed: 0, faults: [] });
  });

  test('and so are they by a node that starts in between', async () => {
    const [one, two] = [await openSession(), await openSession()];
    await one.query('BEGIN');
    await write(one, 'early');
    await write(two, 'late');
    await world.node().poll();
    expect(await rowsOf()).toEqual(['late']);
    await one.query('COMMIT');
    await world.node().poll();
    expect(await rowsOf()).toEqual(['late', 'early']);
  });

  test('what is sealed is not read again while a transaction runs for long', async () => {
    const { db, rows } = world.counting();
    const node = world.node({ db });
    await node.poll();
    const long = await openSession();
    await long.query('BEGIN');
    await write(long, 'long');
    for (const _ of numbers(5)) {
      await world.write(20);
      await node.poll();
    }
    await long.query('COMMIT');
    await node.poll();
    expect(rows()).toBe(101);
    expect(await world.verify()).toMatchObject({ sealed: 101, unsealed: 0, faults: [] });
  });

  test('nodes that look at the same time make neither a gap nor a double', async () => {
    const nodes = await Promise.all(numbers(2).map(() => world.nodeApart()));
    for (const turn of numbers(15)) {
      await world.write(turn);
      await Promise.all([...nodes.map((node) => node.poll()), world.write(1)]);
    }
    await nodes[0]?.poll();
    expect((await world.links()).map(({ seq }) => seq)).toEqual(numbers(135));
    expect(await world.verify()).toMatchObject({ sealed: 135, unsealed: 0, faults: [] });
    expect(nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test('a node leaves it to the one that has the lock, and waits for nobody', async () => {
    const other = await openSession();
    await other.query('SELECT pg_advisory_lock(7202613)');
    const node = world.node();
    await world.write(1);
    await node.poll();
    expect([await rowsOf(), node.faults]).toEqual([[], []]);
    await other.query('SELECT pg_advisory_unlock(7202613)');
    await node.poll();
    expect(await rowsOf()).toHaveLength(1);
  });

  test.each([
    ['is killed in the middle of its transaction', killSealer],
    ['cannot move the head for a second', async () => true],
  ])('a node that %s leaves no trace; the next one seals without a gap', async (_what, interrupt) => {
    await world.write(3);
    const one = await world.nodeApart();
    await one.poll();
    const other = await openSession();
    await other.query('BEGIN');
    await other.query('SELECT FROM audit_head FOR UPDATE');
    await world.write(4);
    const look = one.poll();
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE audit_head%'`;
    await eventually(async () => ((await world.sql(waiting)).length > 0 ? true : undefined));
    expect(await interrupt()).toBe(true);
    await look;
    expect(one.faults.map(({ code }) => code)).toEqual(['database_unavailable']);
    expect((await world.links()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await other.query('ROLLBACK');

    const next = await world.nodeApart();
    await next.poll();
    await one.poll();
    expect((await world.links()).map(({ seq }) => seq)).toEqual(numbers(7));
    expect(await world.verify()).toMatchObject({ sealed: 7, unsealed: 0, faults: [] });
  });

  test('through 20 kills at random moments every row that was committed is sealed exactly once', {
    timeout: 120_000,
  }, async () => {
    const nodes = await Promise.all(numbers(2).map(() => world.nodeApart()));
    const committed: string[] = [];
    let storm = true;

    async function keepSealing(node: (typeof nodes)[number]): Promise<void> {
      while (storm) await node.poll();
    }
    async function keepWriting(name: number): Promise<void> {
      const session = await openSession();
      for (let turn = 0; storm; turn += 1) {
        const ids = numbers(1 + Math.floor(Math.random() * 3)).map((n) => `${name}-${turn}-${n}`);
        await session.query('BEGIN');
        for (const id of ids) {
          await write(session, id);
          for (let wait = Math.random() * 8; wait > 1; wait -= 1) await session.query('SELECT');
        }
        const ends = Math.random() < 0.8 ? 'COMMIT' : 'ROLLBACK';
        await session.query(ends);
        if (ends === 'COMMIT') committed.push(...ids);
      }
    }
    async function keepVerifying(): Promise<void> {
      while (storm) expect((await verifyAudit({ db: world.db, key: chainKey })).faults).toEqual([]);
    }

    const work = Promise.all([...nodes.map(keepSealing), ...numbers(4).map(keepWriting), keepVerifying()]);
    const end = () => {
      storm = false;
    };
    work.catch(end);
    for (let kills = 0; storm && (kills < 20 || committed.length < 500); ) {
      if (kills < committed.length / 25 && (await killSealer())) kills += 1;
      for (let wait = Math.random() * 20; wait > 1; wait -= 1) await world.sql('SELECT');
    }
    end();
    await work;
    await nodes[0]?.poll();

    const links = await world.links();
    expect(links.map(({ seq }) => seq)).toEqual(numbers(committed.length));
    expect(links.map(({ event_id: id }) => id).toSorted()).toEqual(committed.toSorted());
    expect(await world.verify()).toMatchObject({ sealed: committed.length, unsealed: 0, faults: [] });
    for (const { faults } of nodes) for (const { code } of faults) expect(code).toBe('database_unavailable');
    console.log(`Sealers were killed 20 times while ${committed.length} rows were written`);
  });
});
