import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createKnownBrowsers, KNOWN_FOR } from '../../../src/limits/known-browsers.ts';
import { shiftTime } from '../../support/time.ts';

const make = (key = 'the key of the tests') => createKnownBrowsers({ key, clock: systemClock });
const browsers = make();

let value: string;
beforeEach(() => {
  value = browsers.add(undefined, 'aroha');
});
afterEach(() => shiftTime(0));

test('a browser is known for the account that signed in, and for no other', () => {
  expect(browsers.find(value, 'aroha')).toMatch(/^[\w-]{22}$/);
  expect(browsers.find(value, 'mere')).toBeUndefined();
});

test('the value can stand in a cookie, and does not say for whom', () => {
  const account = 'aroha@example.test';
  const named = browsers.add(undefined, account);
  expect(named).toMatch(/^[\w.~-]+$/);
  expect(Buffer.from(named, 'base64url').toString('latin1')).not.toContain('aroha');
  expect(browsers.add(undefined, account)).not.toBe(named);
});

test('each sign-in gives a new nonce, in the place of the one before', () => {
  const again = browsers.add(value, 'aroha');
  expect(again.split('~')).toHaveLength(1);
  expect(browsers.find(again, 'aroha')).not.toBe(browsers.find(value, 'aroha'));
});

describe('is known for several accounts', () => {
  test('at once', () => {
    const both = browsers.add(value, 'mere');
    expect(browsers.find(both, 'aroha')).toBe(browsers.find(value, 'aroha'));
    expect(browsers.find(both, 'mere')).toBeDefined();
  });

  test('sixteen at most: the one longest ago goes', () => {
    let full = value;
    for (let n = 1; n <= 16; n += 1) full = browsers.add(full, `person-${n}`);
    expect(full.length).toBeLessThan(1400);
    expect(browsers.find(full, 'aroha')).toBeUndefined();
    for (let n = 1; n <= 16; n += 1) expect(browsers.find(full, `person-${n}`), String(n)).toBeDefined();
  });
});

test('is known for half a year', () => {
  shiftTime(KNOWN_FOR - 5);
  expect(browsers.find(value, 'aroha')).toBeDefined();
  shiftTime(KNOWN_FOR + 5);
  expect(browsers.find(value, 'aroha')).toBeUndefined();
  expect(browsers.add(value, 'mere').split('~')).toHaveLength(1);
});

describe('a value that was not given out here', () => {
  const [nonce = '', expiry = '', signature = ''] = browsers.add(undefined, 'aroha').split('.');
  test.for([
    ['none', undefined],
    ['nothing', ''],
    ['noise', 'x'.repeat(200)],
    ['another key', make('another key').add(undefined, 'aroha')],
    ['a later end', `${nonce}.${Number(expiry) + 1}.${signature}`],
    ['an end that is no number', `${nonce}.1e10.${signature}`],
    ['another nonce', `${'A'.repeat(22)}.${expiry}.${signature}`],
    ['no signature', `${nonce}.${expiry}.`],
    ['a signature of nothing', `${nonce}.${expiry}.${'A'.repeat(43)}`],
    ['a longer signature', `${nonce}.${expiry}.${signature}A`],
    ['ten thousand', `${nonce}.${expiry}.${'A'.repeat(43)}~`.repeat(10_000)],
  ] as const)('%s: nobody is known', ([, forged]) => {
    expect(browsers.find(forged, 'aroha')).toBeUndefined();
    const added = browsers.add(forged, 'aroha');
    expect(browsers.find(added, 'aroha')).toBeDefined();
    expect(added.length).toBeLessThan(1400);
  });
});
