import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { shiftTime } from '../../support/time.ts';
import { numbers, openTrail, type TrailWorld } from './trail.ts';

let world: TrailWorld;

beforeAll(async () => {
  world = await openTrail();
});
beforeEach(() => world.reset());
afterEach(() => shiftTime(0));
afterAll(() => world.close());

const rowsOf = async () => (await world.links()).map(({ event_id: id }) => id);

/** As many rows as one statement can make. */
const many = (count: number, written: string) =>
  world.sql(
    `INSERT INTO audit_events (id, at, type, detail, written)
     SELECT 'many-' || n, timestamptz '2026-07-01' + make_interval(secs => $1 - n), 'token.issued', '{}', ${written}
     FROM generate_series(1, $1) AS n`,
    [count],
  );

describe('a look', () => {
  test('F-15 seals every row once, under numbers without gaps, and what comes later behind it', async () => {
    const node = world.node();
    await node.poll();
    expect(await world.links()).toEqual([]);

    const first = await world.write(3);
    await node.poll();
    const second = [...(await world.write(1)), ...(await world.write(2))];
    await node.poll();
    await node.poll();
    const links = await world.links();
    expect(links.map(({ seq }) => seq)).toEqual(numbers(6));
    expect(links.slice(0, 3).map(({ event_id: id }) => id)).toEqual(expect.arrayContaining(first));
    expect(links.slice(3).map(({ event_id: id }) => id)).toEqual(expect.arrayContaining(second));
    expect(await world.sql('SELECT seq, hash FROM audit_head')).toEqual([
      { seq: 6, hash: links.at(-1)?.hash },
    ]);
    expect(await world.verify()).toMatchObject({ sealed: 6, unsealed: 0, faults: [] });
    expect(node.faults).toEqual([]);
  });

  test('F-15 leaves out what was rolled back, and no number with it', async () => {
    const node = world.node();
    await world.write(1);
    const undone = world.db.transaction(async () => {
      await world.write(2);
      throw new Error('the story ends here');
    });
    await expect(undone).rejects.toThrow('the story ends here');
    await node.poll();
    await world.write(1);
    await node.poll();
    expect((await world.links()).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('seals all that waits, also of one large transaction', async () => {
    const node = world.node();
    await node.poll();
    await many(1234, 'pg_current_xact_id()');
    await node.poll();
    expect(new Set(await rowsOf()).size).toBe(1234);
    expect(await world.verify()).toMatchObject({ sealed: 1234, unsealed: 0, faults: [] });
  });

  test('seals as many rows as it reads at a time, and one more', async () => {
    const node = world.node();
    await many(500, 'pg_current_xact_id()');
    await node.poll();
    await world.write(500);
    await world.write(1);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 1001, unsealed: 0, faults: [] });
  });

  test('seals rows from before there was a chain, the oldest first, and those of now behind them', async () => {
    const [now = ''] = await world.write(1);
    await many(1100, `'0'`);
    const node = world.node();
    await node.poll();
    const ids = await rowsOf();
    expect(ids).toEqual([...numbers(1100).map((n) => `many-${1101 - n}`), now]);
    await world.write(2);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 1103, unsealed: 0, faults: [] });
  });

  test('writes nothing when there is nothing to seal', async () => {
    const node = world.node();
    await world.write(2);
    await node.poll();
    const version = 'SELECT xmin::text AS version FROM audit_head';
    const [before] = await world.sql(version);
    await node.poll();
    await node.poll();
    expect(await world.sql(version)).toEqual([before]);
  });

  test('is shared by all who ask while it is under way', async () => {
    const node = world.node();
    await world.write(2);
    const [one, other] = [node.poll(), node.poll()];
    expect(one).toBe(other);
    await one;
    expect(await rowsOf()).toHaveLength(2);
  });
});

describe('a node that starts', () => {
  test('goes on behind the head that another has left', async () => {
    await world.write(700);
    await world.node().poll();
    await world.write(3);
    await world.node().poll();
    expect(await world.verify()).toMatchObject({ sealed: 703, unsealed: 0, faults: [] });
  });

  test('takes turns with others, and every row is sealed once', async () => {
    const nodes = [world.node(), world.node(), world.node()];
    for (const turn of numbers(12)) {
      await world.write(turn);
      await nodes[turn % 3]?.poll();
    }
    expect(await world.verify()).toMatchObject({ sealed: 78, unsealed: 0, faults: [] });
    expect(nodes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test.each([
    ['of one transaction', 'pg_current_xact_id()'],
    ['from before there was a chain', `'0'`],
  ])('loses nothing of many rows %s at which another was stopped in between', async (_what, written) => {
    let pages = 0;
    const query: typeof world.db.query = (statement, values) => {
      if (statement.name.endsWith('page')) pages += 1;
      return pages > 1 ? Promise.reject(new Error('stopped')) : world.db.query(statement, values);
    };
    if (written !== `'0'`) await world.node().poll();
    await many(1100, written);
    const stopped = world.node({ db: { ...world.db, query } });
    await stopped.poll();
    expect([stopped.faults.length, (await rowsOf()).length]).toEqual([1, 500]);
    await world.node().poll();
    expect(await world.verify()).toMatchObject({ sealed: 1100, unsealed: 0, faults: [] });
  });

  test('seals by itself, again and again, until it is closed', async () => {
    const node = world.node({ every: 1 });
    const upTo = (count: number) =>
      eventually(async () => ((await rowsOf()).length === count ? true : undefined));
    await world.write(2);
    await upTo(2);
    await world.write(3);
    await upTo(5);
    await node.close();
    await world.write(1);
    // Timers end in their order: one that the node had set would have come before this one.
    await pause(5);
    expect(await rowsOf()).toHaveLength(5);
  });
});

describe('F-18 a database that was put back into a cluster with fewer transactions', () => {
  /** As a dump leaves it: rows and horizon are of transactions that this cluster comes to only later. */
  const putBack = async () => {
    await world.sql(`UPDATE audit_events SET written = (written::text::bigint + 1000000000)::text::xid8`);
    await world.sql(`UPDATE audit_head SET horizon = (horizon::text::bigint + 1000000000)::text::xid8`);
  };

  test('is sealed to the end: what waited then, and what was written since', async () => {
    const before = world.node();
    await world.write(3);
    await before.poll();
    await before.close();
    await world.write(2);
    await putBack();
    await world.write(2);
    expect(await world.verify()).toMatchObject({ sealed: 3, unsealed: 4, faults: [] });

    const node = world.node();
    await node.poll();
    await world.write(1);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 8, unsealed: 0, faults: [] });
    const next = world.node();
    await world.write(1);
    await next.poll();
    expect(await world.verify()).toMatchObject({ sealed: 9, unsealed: 0, faults: [] });
  });

  const horizon = async () => {
    const [row] = await world.sql<{ horizon: string }>('SELECT horizon::text AS horizon FROM audit_head');
    return Number(row?.horizon);
  };

  test('is gone through once, not at every look', async () => {
    await world.write(2);
    await world.node().poll();
    await putBack();
    const { db, rows } = world.counting();
    const node = world.node({ db });
    await node.poll();
    expect([await horizon(), rows()]).toEqual([expect.toSatisfy((at) => at < 1_000_000_000), 2]);
    await world.write(1);
    await node.poll();
    expect([rows(), await node.lag()]).toEqual([3, 0]);
  });

  test('is found out by a node that goes on, too', async () => {
    await world.write(2);
    const node = world.node();
    await node.poll();
    await putBack();
    await node.poll();
    expect(await horizon()).toBeLessThan(1_000_000_000);
  });
});

describe('the lag', () => {
  test('is how long the oldest row has waited that is not in the chain; 0 when none waits', async () => {
    const node = world.node();
    expect(await node.lag()).toBe(0);
    await world.write(2);
    shiftTime(40);
    await world.write(1);
    expect(await node.lag()).toBeGreaterThanOrEqual(40);
    expect(await node.lag()).toBeLessThan(60);
    await node.poll();
    expect(await node.lag()).toBe(0);
    await world.write(1);
    shiftTime(47);
    expect(await node.lag()).toBeGreaterThanOrEqual(7);
    expect(await node.lag()).toBeLessThan(27);
  });

  test('is never less than nothing, whatever the clocks say', async () => {
    shiftTime(3600);
    await world.write(1);
    shiftTime(0);
    expect(await world.node().lag()).toBe(0);
  });

  test('is told by a node that does not seal', async () => {
    const [seals, looksOn] = [world.node(), world.node()];
    await world.write(1);
    shiftTime(40);
    expect(await looksOn.lag()).toBeGreaterThanOrEqual(40);
    await seals.poll();
    expect(await looksOn.lag()).toBe(0);
  });
});

describe('the head', () => {
  const last = async () => {
    const { seq, hash } = (await world.verify()).head;
    return { seq, hash };
  };

  test('is told when it has moved, at most once a minute', async () => {
    const node = world.node();
    await node.poll();
    expect(node.heads, 'there is none yet').toEqual([]);
    await world.write(2);
    await node.poll();
    const first = await last();
    await world.write(2);
    await node.poll();
    shiftTime(59);
    await node.poll();
    expect(node.heads).toEqual([first]);
    shiftTime(61);
    await node.poll();
    expect(node.heads, 'also when it moved before').toEqual([first, await last()]);
    shiftTime(200);
    await node.poll();
    expect(node.heads, 'and not again while it stays').toHaveLength(2);
  });

  test('is told though the clock was put back', async () => {
    shiftTime(7200);
    const node = world.node();
    await world.write(1);
    await node.poll();
    shiftTime(0);
    await world.write(1);
    await node.poll();
    expect(node.heads).toHaveLength(2);
  });
});

describe('through an outage of the database', () => {
  test('one fault is told, and everything is sealed afterwards', async () => {
    let down = false;
    const transaction = <T>(work: () => Promise<T>) =>
      down ? Promise.reject(new Error('the database is away')) : world.db.transaction(work);
    const node = world.node({ db: { ...world.db, transaction } });
    await world.write(1);
    await node.poll();
    down = true;
    await world.write(2);
    await node.poll();
    await node.poll();
    expect(node.faults.map(({ message }) => message)).toEqual(['the database is away']);
    down = false;
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 3, unsealed: 0, faults: [] });
    down = true;
    await node.poll();
    expect(node.faults, 'the next outage is told again').toHaveLength(2);
  });

  test('F-15 that comes between the links and the head, nothing is left of either', async () => {
    let down = true;
    const query: typeof world.db.query = (statement, values) =>
      down && statement.name === 'audit_head_move'
        ? Promise.reject(new Error('the database is away'))
        : world.db.query(statement, values);
    const node = world.node({ db: { ...world.db, query } });
    await world.write(3);
    await node.poll();
    expect([await world.links(), node.faults.length]).toEqual([[], 1]);
    down = false;
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 3, unsealed: 0, faults: [] });
  });
});

describe('a chain that was changed under a running node', () => {
  test('is told when it was cut off, and goes on from where it ends now', async () => {
    const node = world.node();
    await world.write(5);
    await node.poll();
    await world.sql('DELETE FROM audit_chain WHERE seq > 3');
    await world.sql(
      'UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_chain WHERE seq = 3), horizon = $1',
      ['0'],
    );
    await world.write(1);
    await node.poll();
    expect(node.faults.map(({ code }) => code)).toEqual(['audit_chain_cut']);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 6, unsealed: 0, faults: [] });
  });

  test('is not overwritten when its head was put back alone', async () => {
    const node = world.node();
    await world.write(5);
    await node.poll();
    const before = await world.links();
    await world.sql('UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_chain WHERE seq = 3)');
    await world.write(1);
    await node.poll();
    await node.poll();
    expect(node.faults).toHaveLength(1);
    expect(await world.links()).toEqual(before);
    expect((await world.verify()).faults).toEqual([{ kind: 'head', seq: 3, last: 5 }]);
  });

  test('is not sealed further without its head', async () => {
    const node = world.node();
    await world.sql('DELETE FROM audit_head');
    await world.write(1);
    await node.poll();
    expect(node.faults.map(({ code }) => code)).toEqual(['audit_head_gone']);
    expect(await world.links()).toEqual([]);
  });
});
