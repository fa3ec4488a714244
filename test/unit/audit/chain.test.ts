import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChainRow, canonical, link } from '../../../src/audit/chain.ts';
import { row } from './rows.ts';

const names = Object.keys(row('r1')) as (keyof ChainRow)[];

// Few different texts, so that two rows often differ in one column only; others look like what stands around them.
const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'null', '"', '","', '\\', ']', '{}', '":"', 'type', '0', '1'),
  fc.string({ unit: 'binary' }).map((any) => any.toWellFormed()),
);
const value = fc.option(text, { nil: null });
const rows: fc.Arbitrary<ChainRow> = fc.tuple(...names.map(() => value)).map((values) => ({
  ...row(''),
  ...Object.fromEntries(names.map((name, index) => [name, values[index]])),
}));
const hashes = fc.oneof(text, fc.constantFrom('', 'a'));

describe('the canonical text of a row', () => {
  test('has every column that has a value, in one order, whatever the order of the columns read', () => {
    expect(canonical(row('r1'))).toBe(
      '{"id":"r1","at":"1784628000.123456","type":"token.issued","client_id":"clinic-backend","organization":"kowhai",' +
        '"api_id":"spine-flags","grant_type":"client_credentials","scope":"system/Flag.read","subject":"clinic-backend",' +
        '"source":"127.0.0.1","detail":"{\\"reason\\": \\"directcare\\"}"}',
    );
    fc.assert(
      fc.property(rows, fc.shuffledSubarray(names, { minLength: names.length }), (any, order) => {
        const read = Object.fromEntries(order.map((name) => [name, any[name]])) as ChainRow;
        expect(canonical(read)).toBe(canonical(any));
      }),
    );
  });

  test('is that of one row only', () => {
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const same = names.every((name) => one[name] === other[name]);
        expect(canonical(one) === canonical(other)).toBe(same);
      }),
    );
  });

  test('changes with every column, and with whether it has a value', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...names), value, (any, name, other) => {
        const changed = canonical({ ...any, [name]: other });
        expect(changed === canonical(any)).toBe(any[name] === other);
      }),
    );
  });

  test('says the row again when it is read', () => {
    fc.assert(
      fc.property(rows, (any) => {
        const nothing = Object.fromEntries(names.map((name) => [name, null]));
        expect({ ...nothing, ...JSON.parse(canonical(any)) }).toEqual(any);
      }),
    );
  });

  test('has nothing of columns that are no part of the chain', () => {
    const more = { ...row('r1'), written: '4711', moment: '2026-07-21' };
    expect(canonical(more)).toBe(canonical(row('r1')));
  });
});

describe('the hash of a link', () => {
  test('is HMAC-SHA-256 over number, hash before it and row', () => {
    const written = JSON.stringify([7, 'the hash before', canonical(row('r1'))]);
    const expected = createHmac('sha256', 'the key').update(written).digest('base64url');
    expect(link('the key', { seq: 7, previous: 'the hash before' }, row('r1'))).toBe(expected);
    expect(expected).toMatch(/^[\w-]{43}$/);
  });

  test('is another one for every other key, number, hash before it or row', () => {
    const whole = fc.record({ key: text, seq: fc.integer({ min: 1, max: 20 }), previous: hashes, row: rows });
    fc.assert(
      fc.property(whole, whole, (one, other) => {
        const same =
          // HMAC fills a key up with zeros (RFC 2104 section 2).
          one.key.replace(/\0+$/, '') === other.key.replace(/\0+$/, '') &&
          one.seq === other.seq &&
          one.previous === other.previous &&
          canonical(one.row) === canonical(other.row);
        expect(link(one.key, one, one.row) === link(other.key, other, other.row)).toBe(same);
      }),
    );
  });
});
