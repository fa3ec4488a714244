import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeFault, type Fault, type Head } from '../../../src/audit/index.ts';
import { verifyAudit } from '../../../src/audit/verify.ts';
import { eventually } from '../../support/fixtures.ts';
import { chainKey, openTrail, type TrailWorld } from './trail.ts';

/** F-15: somebody with all rights on the database, but without the key, tampers with a trail of twelve rows. */

let world: TrailWorld;
/** The ids of the rows, by their number. */
let ids: string[];
let head: Head;

beforeAll(async () => {
  world = await openTrail();
  await world.reset();
  const node = world.node();
  await world.audit.record({
    type: 'client.created',
    clientId: 'kete-web',
    organization: 'kete',
    correlationId: '5d8c2a4e',
    detail: { actor: 'iris', nested: { b: [1, { d: 2, c: null }], a: 'ā' }, size: 9007199254740992 },
  });
  await node.poll();
  await world.write(10);
  await node.poll();
  await world.audit.record({ type: 'token.denied', error: 'invalid_scope' });
  await node.poll();
  // The horizon waits for every transaction that runs on the server, those of other databases too.
  await eventually(async () => {
    await world.node().poll();
    const [row] = await world.sql('SELECT bool_and(written < horizon) AS all FROM audit_events, audit_head');
    return row?.all ? true : undefined;
  }, 50);
  ids = ['', ...(await world.links()).map(({ event_id: id }) => id)];
  ({ head } = await world.verify());
});
afterAll(() => world.close());

class Undone extends Error {}

/** What is found after statements that are undone again. `$n` stands for the id of row n. */
async function found(statements: readonly string[], noted?: Head): Promise<readonly Fault[]> {
  let faults: readonly Fault[] = [];
  const story = world.db.transaction(async () => {
    for (const statement of statements)
      await world.sql(statement.replace(/\$(\d+)/g, (_, n) => `'${ids[n]}'`));
    ({ faults } = await world.verify(noted));
    throw new Undone();
  });
  await expect(story).rejects.toBeInstanceOf(Undone);
  return faults;
}

const changed = (seq: number): Fault => ({ kind: 'changed', seq, id: String(ids[seq]) });

describe('F-15 an audit with which nobody tampered', () => {
  test('has no fault, and its head is the last link', async () => {
    const { seq, hash } = (await world.links()).at(-1) ?? {};
    expect(await world.verify()).toEqual({
      sealed: 12,
      unsealed: 0,
      head: { seq, hash },
      faults: [],
      further: 0,
    });
  });

  test('still has none when heads were noted before, and when it was empty', async () => {
    for (const { seq, hash } of await world.links())
      expect((await world.verify({ seq, hash })).faults).toEqual([]);
    expect((await world.verify({ seq: 0, hash: '' })).faults).toEqual([]);
  });

  test('counts rows that wait apart', async () => {
    const story = world.db.transaction(async () => {
      await world.write(3);
      expect(await world.verify()).toMatchObject({ sealed: 12, unsealed: 3, faults: [] });
      throw new Undone();
    });
    await expect(story).rejects.toBeInstanceOf(Undone);
  });

  test('holds only under its own key', async () => {
    const { faults } = await verifyAudit({ db: world.db, key: 'another key' });
    expect(faults).toHaveLength(12);
  });

  test('does not mind how the session writes times and numbers', async () => {
    expect(
      await found([
        `SET LOCAL TimeZone = 'Pacific/Auckland'`,
        `SET LOCAL DateStyle = 'German'`,
        `SET LOCAL extra_float_digits = 0`,
      ]),
    ).toEqual([]);
  });
});

describe('F-15 a row that was changed is named, and no other', () => {
  test.each([
    ['type', `type = 'token.issued'`],
    ['client', `client_id = 'kete-spa'`],
    ['organisation', `organization = NULL`],
    ['organisation, from a text to none', `organization = ''`],
    ['API that there was not', `api_id = 'demo-fhir'`],
    ['grant type', `grant_type = 'refresh_token'`],
    ['scope', `scope = 'patient/*.rs'`],
    ['person', `subject = 'tom'`],
    ['person, as an empty text', `subject = ''`],
    ['token', `token_id = 'x'`],
    ['error', `error = 'invalid_grant'`],
    ['address', `source = '192.0.2.1'`],
    ['correlation id', `correlation_id = NULL`],
    ['time, by a millionth of a second', `at = at + interval '1 microsecond'`],
    ['time, by an era', `at = make_timestamptz(-2026, 7, 21, 0, 0, 0)`],
    ['time, to the end of all times', `at = 'infinity'`],
    ['detail: a member', `detail = jsonb_set(detail, '{actor}', '"ngaio"')`],
    ['detail: a member deep inside', `detail = jsonb_set(detail, '{nested,b,1,d}', '3')`],
    ['detail: nothing where there was null', `detail = detail #- '{nested,b,1,c}'`],
    ['detail: a member more', `detail = detail || '{"more": null}'`],
    ['detail: a number where doubles end', `detail = jsonb_set(detail, '{size}', '9007199254740993')`],
    ['detail: all of it', `detail = '{}'`],
  ])('%s', async (_what, set) => {
    expect(await found([`UPDATE audit_events SET ${set} WHERE id = $1`])).toEqual([changed(1)]);
  });

  test('in the middle and at the end, several at once', async () => {
    expect(await found([`UPDATE audit_events SET scope = 'x' WHERE id IN ($5, $6, $12)`])).toEqual(
      [5, 6, 12].map(changed),
    );
  });

  test('but not when what was written is the same', async () => {
    expect(
      await found([
        `UPDATE audit_events SET detail = '{"size": 9007199254740992, "nested": {"a": "ā", "b": [1, {"c": null, "d": 2}]},
           "actor": "iris"}' WHERE id = $1`,
        `UPDATE audit_events SET written = '3'`,
      ]),
    ).toEqual([]);
  });
});

const exchanged = (seq: number, id: number, other: number): Fault => ({
  kind: 'exchanged',
  seq,
  id: String(ids[id]),
  other,
});

describe('F-15 rows and links that were removed, moved or added', () => {
  test.each<[string, string[], () => Fault[]]>([
    [
      'a row',
      [`DELETE FROM audit_events WHERE id = $4`],
      () => [{ kind: 'removed', seq: 4, id: String(ids[4]) }],
    ],
    [
      'a row with its link',
      [`DELETE FROM audit_events WHERE id = $4`, `DELETE FROM audit_chain WHERE event_id = $4`],
      () => [
        { kind: 'missing', seq: 4, to: 4 },
        { kind: 'unproven', seq: 5, id: String(ids[5]) },
      ],
    ],
    [
      'a link alone',
      [`DELETE FROM audit_chain WHERE event_id = $4`],
      () => [
        { kind: 'missing', seq: 4, to: 4 },
        { kind: 'unproven', seq: 5, id: String(ids[5]) },
        { kind: 'outside', id: String(ids[4]) },
      ],
    ],
    [
      'a row with its link, and the gap closed',
      [
        `DELETE FROM audit_events WHERE id = $4`,
        `DELETE FROM audit_chain WHERE event_id = $4`,
        `UPDATE audit_chain SET seq = seq + 99 WHERE seq > 4`,
        `UPDATE audit_chain SET seq = seq - 100 WHERE seq > 99`,
        `UPDATE audit_head SET seq = 11`,
      ],
      () => [
        { kind: 'changed', seq: 4, id: String(ids[5]) },
        { kind: 'renumbered', seq: 5, id: String(ids[6]), was: 6 },
      ],
    ],
    [
      'the contents of two rows, exchanged',
      [
        `UPDATE audit_events SET id = 'x' WHERE id = $3`,
        `UPDATE audit_events SET id = $3 WHERE id = $8`,
        `UPDATE audit_events SET id = $8 WHERE id = 'x'`,
      ],
      () => [exchanged(3, 3, 8), exchanged(8, 8, 3)],
    ],
    [
      'two links, exchanged',
      [
        `UPDATE audit_chain SET seq = 99 WHERE seq = 3`,
        `UPDATE audit_chain SET seq = 3 WHERE seq = 8`,
        `UPDATE audit_chain SET seq = 8 WHERE seq = 99`,
      ],
      () => [exchanged(3, 8, 8), exchanged(8, 3, 3)],
    ],
    [
      'two neighbouring links, exchanged',
      [
        `UPDATE audit_chain SET seq = 99 WHERE seq = 3`,
        `UPDATE audit_chain SET seq = 3 WHERE seq = 4`,
        `UPDATE audit_chain SET seq = 4 WHERE seq = 99`,
      ],
      () => [exchanged(3, 4, 4), exchanged(4, 3, 3)],
    ],
    [
      'the rows of two links, exchanged',
      [
        `UPDATE audit_chain SET event_id = 'x' WHERE seq = 3`,
        `UPDATE audit_chain SET event_id = $3 WHERE seq = 8`,
        `UPDATE audit_chain SET event_id = $8 WHERE seq = 3`,
      ],
      () => [exchanged(3, 8, 8), exchanged(8, 3, 3)],
    ],
    [
      'a link with another number',
      [`UPDATE audit_chain SET seq = 20 WHERE seq = 3`],
      () => [
        { kind: 'missing', seq: 3, to: 3 },
        { kind: 'unproven', seq: 4, id: String(ids[4]) },
        { kind: 'missing', seq: 13, to: 19 },
        { kind: 'unproven', seq: 20, id: String(ids[3]) },
        { kind: 'head', seq: 12, last: 20 },
      ],
    ],
    [
      'all links from one on with a higher number',
      [
        `UPDATE audit_chain SET seq = seq + 99 WHERE seq > 4`,
        `UPDATE audit_chain SET seq = seq - 98 WHERE seq > 99`,
        `UPDATE audit_head SET seq = 13`,
      ],
      () => [{ kind: 'renumbered', seq: 6, id: String(ids[5]), was: 5 }],
    ],
    [
      'a link with another hash',
      [`UPDATE audit_chain SET hash = translate(hash, 'abcdefghij', 'jihgfedcba') WHERE seq = 7`],
      () => [{ kind: 'forged', seq: 7, id: String(ids[7]) }],
    ],
    [
      'a row among those that were sealed long ago',
      [
        `INSERT INTO audit_events (id, at, type, detail, written) VALUES ('late', '2026-01-01', 'token.issued', '{}', '1')`,
      ],
      () => [{ kind: 'outside', id: 'late' }],
    ],
    [
      'a row with a link and a head that somebody made up',
      [
        `INSERT INTO audit_events (id, at, type, detail) VALUES ('more', '2026-01-01', 'token.issued', '{}')`,
        `INSERT INTO audit_chain VALUES (13, 'more', 'made-up')`,
        `UPDATE audit_head SET seq = 13, hash = 'made-up'`,
      ],
      () => [{ kind: 'changed', seq: 13, id: 'more' }],
    ],
    [
      'the hash of the head',
      [`UPDATE audit_head SET hash = 'made-up'`],
      () => [{ kind: 'head', seq: 12, last: 12 }],
    ],
    [
      'the links behind one, without the head',
      [`DELETE FROM audit_chain WHERE seq > 9`, `DELETE FROM audit_events WHERE id IN ($10, $11, $12)`],
      () => [{ kind: 'head', seq: 12, last: 9 }],
    ],
    [
      'all links and rows, without the head',
      ['DELETE FROM audit_chain', 'DELETE FROM audit_events'],
      () => [{ kind: 'head', seq: 12, last: 0 }],
    ],
  ])('are named: %s', async (_what, statements, faults) => {
    expect(await found(statements)).toEqual(faults());
  });
});

describe('F-15 an end that was cut off', () => {
  const cut = [
    `DELETE FROM audit_chain WHERE seq > 9`,
    `DELETE FROM audit_events WHERE id IN ($10, $11, $12)`,
    `UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit_chain WHERE seq = 9)`,
  ];

  test('together with the head shows against a head that was noted', async () => {
    expect(await found(cut), 'the chain alone cannot know').toEqual([]);
    expect(await found(cut, head)).toEqual([{ kind: 'noted', seq: 12, last: 9 }]);
  });

  test('also when everything was', async () => {
    const all = [
      'DELETE FROM audit_chain',
      'DELETE FROM audit_events',
      `UPDATE audit_head SET seq = 0, hash = '', horizon = '0'`,
    ];
    expect(await found(all)).toEqual([]);
    expect(await found(all, head)).toEqual([{ kind: 'noted', seq: 12, last: 0 }]);
  });

  test('a noted head with another hash is named', async () => {
    expect(await found([], { seq: 12, hash: 'another' })).toEqual([{ kind: 'noted', seq: 12, last: 12 }]);
    expect(await found([`DELETE FROM audit_chain WHERE seq = 5`], { seq: 5, hash: 'x' })).toContainEqual({
      kind: 'noted',
      seq: 5,
      last: 12,
    });
  });
});

/** From here on what is done stays done. */
describe('F-15 an end that was cut off and sealed anew', () => {
  test.each([
    ['shorter', 2, 11],
    ['as long', 3, 12],
    ['longer', 5, 14],
  ])('shows against a noted head when the chain is %s now', async (_what, count, last) => {
    await world.reset();
    await world.write(12);
    await world.node().poll();
    const before = (await world.verify()).head;
    const rest = (await world.links()).slice(9).map(({ event_id: id }) => id);
    await world.sql('DELETE FROM audit_events WHERE id = ANY ($1)', [rest]);
    await world.sql('DELETE FROM audit_chain WHERE seq > 9');
    await world.sql('UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit_chain WHERE seq = 9)');
    await world.write(count);
    await world.node().poll();
    expect(await world.verify(before)).toMatchObject({
      sealed: last,
      faults: [{ kind: 'noted', seq: 12, last }],
    });
    expect((await world.verify()).faults, 'the chain alone cannot know').toEqual([]);
  });
});

describe('a large trail', () => {
  test('is read to its end, and a fault on every page is found', async () => {
    const other = world;
    await other.reset();
    await other.sql(
      `INSERT INTO audit_events (id, at, type, detail)
       SELECT 'row-' || n, timestamptz '2026-07-01' + make_interval(secs => n / 100), 'token.issued', '{}'
       FROM generate_series(1, 2345) AS n`,
    );
    await other.node().poll();
    expect(await other.verify()).toMatchObject({ sealed: 2345, unsealed: 0, faults: [] });
    const wrong = (await other.links()).filter(({ seq }) => [1, 1000, 1001, 2000, 2345].includes(seq));
    for (const { event_id: id } of wrong)
      await other.sql(`UPDATE audit_events SET error = 'x' WHERE id = $1`, [id]);
    const { faults } = await verifyAudit({ db: other.db, key: chainKey });
    expect(faults).toEqual(wrong.map(({ seq, event_id: id }) => ({ kind: 'changed', seq, id })));
  });
});

test('every fault is said in one line that names what it is about', () => {
  const faults: Fault[] = [
    { kind: 'changed', seq: 4711, id: 'the-row' },
    { kind: 'removed', seq: 4711, id: 'the-row' },
    { kind: 'exchanged', seq: 4711, id: 'the-row', other: 4712 },
    { kind: 'unproven', seq: 4711, id: 'the-row' },
    { kind: 'renumbered', seq: 4711, id: 'the-row', was: 4712 },
  ];
  for (const fault of faults) expect(describeFault(fault)).toMatch(/^number 4711: row the-row [^\n]+$/);
  expect(describeFault({ kind: 'forged', seq: 3, id: 'the-row' })).toMatch(
    /number 3: the hash of row the-row/,
  );
  expect(describeFault({ kind: 'exchanged', seq: 1, id: 'a', other: 4712 })).toContain('4712');
  expect(describeFault({ kind: 'missing', seq: 3, to: 3 })).toBe('number 3 was removed from the chain');
  expect(describeFault({ kind: 'missing', seq: 3, to: 5 })).toContain('numbers 3 to 5');
  expect(describeFault({ kind: 'outside', id: 'the-row' })).toContain('the-row');
  expect(describeFault({ kind: 'head', seq: 3, last: 5 })).toMatch(/number 3.*number 5/);
  expect(describeFault({ kind: 'head', seq: 5, last: 5 })).toMatch(/another hash.*number 5/);
  expect(describeFault({ kind: 'noted', seq: 9, last: 5 })).toMatch(/cut off.*number 9.*number 5/);
  expect(describeFault({ kind: 'noted', seq: 5, last: 9 })).toMatch(/number 5.*another hash/);
});
