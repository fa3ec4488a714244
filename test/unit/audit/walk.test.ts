import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { link } from '../../../src/audit/chain.ts';
import { row, sealed, type Trail, type Written, walked } from './rows.ts';

const key = 'the key of the audit chain';

/** What is found when a trail of nine rows was tampered with. */
function found(tamper: (trail: Trail, at: (seq: number) => Written) => void) {
  const trail = sealed(key, 9);
  tamper(trail, (seq) => trail.links[seq - 1] as Written);
  const { faults, further } = walked(key, trail);
  expect(further).toBe(0);
  return faults;
}

const change = ({ rows }: Trail, id: string) => rows.set(id, row(id, { subject: 'somebody else' }));

const swap = (one: Written, other: Written, ...members: (keyof Written)[]) => {
  const before = { ...one };
  for (const member of members) {
    Object.assign(one, { [member]: other[member] });
    Object.assign(other, { [member]: before[member] });
  }
};

describe('a trail with which nobody tampered', () => {
  test.each([0, 1, 2, 9])('has no fault: %i rows', (count) => {
    expect(walked(key, sealed(key, count))).toEqual({ faults: [], further: 0 });
  });
});

describe('rows', () => {
  test.each([1, 2, 5, 8, 9])('that were changed are named, and no other: number %i', (seq) => {
    expect(found((trail) => change(trail, `r${seq}`))).toEqual([{ kind: 'changed', seq, id: `r${seq}` }]);
  });

  test('that were changed side by side are each named', () => {
    expect(found((trail) => ['r4', 'r5', 'r6'].map((id) => change(trail, id)))).toEqual(
      [4, 5, 6].map((seq) => ({ kind: 'changed', seq, id: `r${seq}` })),
    );
  });

  test.each([1, 5, 9])('that were removed are named: number %i', (seq) => {
    expect(found(({ rows }) => rows.delete(`r${seq}`))).toEqual([{ kind: 'removed', seq, id: `r${seq}` }]);
  });

  test.each([
    [3, 7],
    [4, 5],
    [1, 9],
  ])('whose contents were exchanged are both named: %i and %i', (one, other) => {
    const [a, b] = [`r${one}`, `r${other}`];
    const faults = found(({ rows }) => {
      rows.set(a, row(a, { token_id: `token ${other}` }));
      rows.set(b, row(b, { token_id: `token ${one}` }));
    });
    expect(faults).toEqual([
      { kind: 'exchanged', seq: one, id: a, other },
      { kind: 'exchanged', seq: other, id: b, other: one },
    ]);
  });

  test('of which three were exchanged in a ring are all named', () => {
    const faults = found(({ rows }) => {
      for (const [at, from] of [
        [2, 5],
        [5, 8],
        [8, 2],
      ])
        rows.set(`r${at}`, row(`r${at}`, { token_id: `token ${from}` }));
    });
    expect(faults).toEqual([
      { kind: 'exchanged', seq: 2, id: 'r2', other: 8 },
      { kind: 'exchanged', seq: 5, id: 'r5', other: 2 },
      { kind: 'exchanged', seq: 8, id: 'r8', other: 5 },
    ]);
  });

  test('any of them, changed or removed, are named exactly', () => {
    const wrong = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.boolean()), {
      selector: ([seq]) => seq,
    });
    fc.assert(
      fc.property(wrong, (some) => {
        const trail = sealed(key, 30);
        for (const [seq, removes] of some) {
          if (removes) trail.rows.delete(`r${seq}`);
          else change(trail, `r${seq}`);
        }
        const named = walked(key, trail).faults.map((fault) => [
          'id' in fault ? fault.id : '',
          fault.kind === 'removed',
        ]);
        const expected = some
          .toSorted(([one], [other]) => one - other)
          .map(([seq, removes]) => [`r${seq}`, removes]);
        expect(named).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('links', () => {
  test.each([1, 5, 9])('whose hash was changed are told from changed rows: number %i', (seq) => {
    const faults = found((_, at) => {
      at(seq).hash = 'a hash that somebody made';
    });
    expect(faults).toEqual([{ kind: 'forged', seq, id: `r${seq}` }]);
  });

  test('whose hashes were changed side by side are each told from changed rows', () => {
    const faults = found((_, at) => {
      for (const seq of [4, 5]) at(seq).hash = `a hash that somebody made for ${seq}`;
    });
    expect(faults.map((fault) => [fault.kind, 'id' in fault && fault.id])).toEqual([
      ['forged', 'r4'],
      ['forged', 'r5'],
    ]);
  });

  test('that were put behind the end with another key are named, though the head goes along', () => {
    const faults = found((trail) => {
      trail.rows.set('r10', row('r10'));
      const hash = link('another key', { seq: 10, previous: trail.head.hash }, row('r10'));
      trail.links.push({ seq: 10, id: 'r10', hash });
      trail.head = { seq: 10, hash };
    });
    expect(faults).toEqual([{ kind: 'changed', seq: 10, id: 'r10' }]);
  });

  test.each([
    [3, 7],
    [4, 5],
    [8, 9],
    [1, 2],
  ])('that were exchanged with their hashes are both named, and no neighbour: %i and %i', (one, other) => {
    const faults = found((trail, at) => {
      swap(at(one), at(other), 'seq');
      const [last] = trail.links.filter(({ seq }) => seq === 9);
      trail.head = { seq: 9, hash: String(last?.hash) };
    });
    expect(faults).toEqual([
      { kind: 'exchanged', seq: one, id: `r${other}`, other },
      { kind: 'exchanged', seq: other, id: `r${one}`, other: one },
    ]);
  });

  test.each([
    [3, 7],
    [4, 5],
  ])('that were given one another’s row are both named: %i and %i', (one, other) => {
    expect(found((_, at) => swap(at(one), at(other), 'id'))).toEqual([
      { kind: 'exchanged', seq: one, id: `r${other}`, other },
      { kind: 'exchanged', seq: other, id: `r${one}`, other: one },
    ]);
  });

  test.each([
    [3, 7],
    [4, 5],
  ])('that were given one another’s hash are both named: %i and %i', (one, other) => {
    expect(found((_, at) => swap(at(one), at(other), 'hash'))).toEqual([
      { kind: 'exchanged', seq: one, id: `r${one}`, other },
      { kind: 'exchanged', seq: other, id: `r${other}`, other: one },
    ]);
  });

  test('that are gone are named by their numbers, with the row that cannot be checked without them', () => {
    expect(found((trail) => trail.links.splice(3, 2))).toEqual([
      { kind: 'missing', seq: 4, to: 5 },
      { kind: 'unproven', seq: 6, id: 'r6' },
    ]);
    expect(found((trail) => trail.links.splice(0, 1))).toEqual([
      { kind: 'missing', seq: 1, to: 1 },
      { kind: 'unproven', seq: 2, id: 'r2' },
    ]);
  });

  test('with a gap and a removed row behind it are both named', () => {
    const faults = found((trail) => {
      trail.links.splice(3, 1);
      trail.rows.delete('r5');
    });
    expect(faults).toEqual([
      { kind: 'missing', seq: 4, to: 4 },
      { kind: 'removed', seq: 5, id: 'r5' },
    ]);
  });

  test('that were pushed up to make room are named from the first', () => {
    const faults = found((trail) => {
      for (const one of trail.links) if (one.seq >= 6) one.seq += 2;
    });
    expect(faults).toEqual([
      { kind: 'renumbered', seq: 8, id: 'r6', was: 6 },
      { kind: 'head', seq: 9, last: 11 },
    ]);
  });

  test.each([1, 2])('behind %i that were taken out and closed up are named from the first', (count) => {
    const faults = found((trail) => {
      for (const { id } of trail.links.splice(3, count)) trail.rows.delete(id);
      for (const one of trail.links) if (one.seq > 3) one.seq -= count;
      trail.head = { ...trail.head, seq: 9 - count };
    });
    expect(faults).toEqual([
      { kind: 'changed', seq: 4, id: `r${4 + count}` },
      { kind: 'renumbered', seq: 5, id: `r${5 + count}`, was: 5 + count },
    ]);
  });

  test('of which one was moved to the end is missed where it was and named where it is', () => {
    const faults = found((trail, at) => {
      at(4).seq = 10;
      trail.head = { seq: 10, hash: at(4).hash };
    });
    expect(faults).toEqual([
      { kind: 'missing', seq: 4, to: 4 },
      { kind: 'unproven', seq: 5, id: 'r5' },
      { kind: 'changed', seq: 10, id: 'r4' },
    ]);
  });

  test('that a sealer was made to begin too high leave a gap', () => {
    const faults = found((trail) => {
      trail.rows.set('r20', row('r20'));
      const hash = link(key, { seq: 20, previous: trail.head.hash }, row('r20'));
      trail.links.push({ seq: 20, id: 'r20', hash });
      trail.head = { seq: 20, hash };
    });
    expect(faults).toEqual([{ kind: 'missing', seq: 10, to: 19 }]);
  });
});

describe('the head', () => {
  test.each([
    ['says more than there is', (trail: Trail) => trail.links.splice(7), { seq: 9, last: 7 }],
    ['says more than nothing', (trail: Trail) => trail.links.splice(0), { seq: 9, last: 0 }],
    [
      'says less than there is',
      (trail: Trail) => {
        trail.head = { seq: 6, hash: String(trail.links[5]?.hash) };
      },
      { seq: 6, last: 9 },
    ],
    [
      'has another hash than the last link',
      (trail: Trail) => {
        trail.head = { seq: 9, hash: 'another' };
      },
      { seq: 9, last: 9 },
    ],
  ])('is named when it %s', (_what, tamper, expected) => {
    expect(found((trail) => void tamper(trail))).toEqual([{ kind: 'head', ...expected }]);
  });
});

describe('a chain of which nothing holds', () => {
  test('is named up to a thousand rows; of the others there is the number', () => {
    const trail = sealed('another key', 1500);
    const { faults, further } = walked(key, trail);
    expect(faults).toHaveLength(1000);
    expect(faults.every(({ kind }) => kind === 'changed')).toBe(true);
    expect(further).toBe(500);
  });

  test('of which some were exchanged names them all, however many', () => {
    const trail = sealed(key, 600);
    for (const one of trail.links) one.id = `r${one.seq % 2 === 0 ? one.seq - 1 : one.seq + 1}`;
    expect(walked(key, trail).faults).toHaveLength(600);
  });
});
