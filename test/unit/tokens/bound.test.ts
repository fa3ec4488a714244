import { describe, expect, test } from 'vitest';
import { professional } from './examples.ts';
import { published } from './gp-connect-examples.ts';
import { validate, validateGpConnect } from './validate.ts';

/** A token that is bound to a key says to which (RFC 9449 section 6.1), in either profile. */

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

describe.each([
  ['spine-core', validate, professional],
  ['gp-connect', validateGpConnect, published],
] as const)('%s', (_name, admits, claims) => {
  test('the thumbprint of the key may stand in the token', () => {
    expect(admits({ ...claims, cnf: { jkt } })).toBe(true);
  });

  test.each([
    ['null', null],
    ['a text', jkt],
    ['no key at all', {}],
    ['a shorter thumbprint', { jkt: jkt.slice(1) }],
    ['a longer thumbprint', { jkt: `${jkt}A` }],
    ['the key itself beside it', { jkt, jwk: { kty: 'EC' } }],
  ])('%s may not', (_fault, cnf) => {
    expect(admits({ ...claims, cnf })).toBe(false);
  });
});
