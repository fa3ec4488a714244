import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/db/index.ts';
import { numbers, openTrail, type TrailWorld } from './trail.ts';

/**
 * A standby takes over that lacks the last transactions of the primary server, or PostgreSQL comes back after a crash: their
 * transactions count on from an earlier number, so rows come to be below where a node that goes on would look from.
 */

let world: TrailWorld;

beforeAll(async () => {
  world = await openTrail();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

type By = Readonly<{ server: string; session: number }>;

const primary: By = { server: 'primary', session: 1 };

/** A handle on the database whose server is said to be another one. */
function served() {
  let by = primary;
  let heads = 0;
  const query: Database['query'] = async <R extends object>(...sent: Parameters<Database['query']>) => {
    const rows = await world.db.query<R>(...sent);
    if (sent[0].name !== 'audit_seal_head') return rows;
    heads += 1;
    return rows.map((row) => ({ ...row, ...by }));
  };
  return {
    db: { ...world.db, query },
    answerAs(other: By) {
      by = other;
    },
    looks: () => heads,
  };
}

const horizon = async () => {
  const [row] = await world.sql<{ horizon: string }>('SELECT horizon::text AS horizon FROM audit_head');
  return BigInt(row?.horizon ?? 0);
};

/**
 * Seals what there is and lets the node remember a later transaction than the head does, as one does that goes on while nothing
 * is written to the audit; the number between them is then given to a row.
 */
async function fallBack(node: { poll(): Promise<void> }): Promise<void> {
  await world.write(3);
  await node.poll();
  const noted = await horizon();
  for (const _ of numbers(20)) await world.sql('SELECT pg_current_xact_id()');
  await node.poll();
  expect(await horizon(), 'the head stays while nothing is sealed').toBe(noted);
  const [id] = await world.write(1);
  await world.sql('UPDATE audit_events SET written = $2::text::xid8 WHERE id = $1', [id, String(noted + 5n)]);
}

describe('a row whose transaction has a number that the node has gone through already', () => {
  test.for([
    ['another server answers', { server: 'standby', session: 1 }],
    ['the same server answers, back from a crash', { server: 'primary', session: 2 }],
  ] as const)('is sealed where %s', async ([, by]) => {
    const { db, answerAs } = served();
    const node = world.node({ db });
    await fallBack(node);
    answerAs(by);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 4, unsealed: 0, faults: [] });
    await world.write(2);
    await node.poll();
    expect(await world.verify()).toMatchObject({ sealed: 6, unsealed: 0, faults: [] });
    expect(node.faults).toEqual([]);
  });

  test('is sealed where the server changes in the middle of many pages', async () => {
    const { db, answerAs, looks } = served();
    const node = world.node({ db });
    await world.write(1);
    await node.poll();
    await world.write(1100);
    const before = looks();
    const query: Database['query'] = async (statement, values) => {
      if (looks() === before + 1 && statement.name === 'audit_seal_lock')
        answerAs({ server: 'standby', session: 1 });
      return db.query(statement, values);
    };
    const moved = world.node({ db: { ...db, query } });
    await moved.poll();
    expect(await world.verify()).toMatchObject({ sealed: 1101, unsealed: 0, faults: [] });
    expect(moved.faults).toEqual([]);
  });
});

test('a look over a connection that has served before goes on where the last one ended', async () => {
  const { db, rows } = world.counting();
  const node = world.node({ db });
  await world.write(3);
  await node.poll();
  await node.poll();
  await world.write(2);
  await node.poll();
  expect([rows(), (await world.verify()).sealed]).toEqual([5, 5]);
});
