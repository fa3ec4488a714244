import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  covers,
  intersect,
  parseScope,
  type ScopeFamily,
  splitScope,
  uncovered,
} from '../../../src/scopes/index.ts';
import * as tables from './tables.ts';

const resource = (contexts: string[], resources: string[]) =>
  fc
    .tuple(
      fc.constantFrom(...contexts),
      fc.constantFrom(...resources),
      fc.constantFrom('read', 'write', 'admin'),
    )
    .map(([context, name, access]) => `${context}/${name}.${access}`);

// Few different values, so that coverage and repetition are common; `junk` makes texts outside the grammar.
const junk = fc.oneof(fc.string(), fc.constantFrom('user/Condition', 'openid', 'admin.read', 'conf/N'));
const texts: Record<ScopeFamily, fc.Arbitrary<string>> = {
  spine: resource(['patient', 'user', 'system', 'organization'], ['*', 'Flag', 'List', 'flag']),
  'gp-connect': fc.constantFrom(...tables.demoGpConnect.split(' '), 'patient/Flag.read'),
  oidc: fc.constantFrom('openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'OpenID'),
  plain: fc.constantFrom('admin', 'admin.read', 'admin.write', 'introspect', 'Admin'),
  smart: fc.oneof(
    fc.constantFrom('openid', 'fhirUser', 'launch/patient', 'offline_access', 'launch'),
    fc
      .tuple(
        fc.constantFrom('patient', 'user', 'system'),
        fc.constantFrom('*', 'Observation', 'Patient', 'patient'),
        fc.constantFrom(
          'r',
          's',
          'rs',
          'read',
          'write',
          '*',
          'cruds',
          'sr',
          'rs?code=a',
          'r?status=b&code=a',
        ),
      )
      .map(([context, type, permissions]) => `${context}/${type}.${permissions}`),
  ),
};

describe.each<ScopeFamily>(['spine', 'gp-connect', 'oidc', 'plain', 'smart'])('%s', (family) => {
  const text = fc.oneof({ weight: 5, arbitrary: texts[family] }, { weight: 1, arbitrary: junk });
  const list = fc.array(text, { maxLength: 8 });

  test('a parsed scope keeps its text', () => {
    fc.assert(
      fc.property(text, (value) => {
        const scope = parseScope(family, value);
        return scope === undefined || scope.text === value;
      }),
    );
  });

  test('a parsed scope is one scope-token', () => {
    fc.assert(
      fc.property(text, (value) => {
        if (parseScope(family, value)) expect(splitScope(value)).toEqual([value]);
      }),
    );
  });

  test('covers is reflexive on what the grammar admits, and false elsewhere', () => {
    fc.assert(
      fc.property(
        text,
        (value) => covers(family, value, value) === (parseScope(family, value) !== undefined),
      ),
    );
  });

  test('covers is transitive', () => {
    const values = fc.sample(text, { numRuns: 60, seed: 7 });
    for (const a of values)
      for (const b of values.filter((value) => covers(family, a, value)))
        for (const c of values.filter((value) => covers(family, b, value)))
          expect(covers(family, a, c), `${a} > ${b} > ${c}`).toBe(true);
  });

  test('intersect is a subsequence of the request, decided one by one, and idempotent', () => {
    fc.assert(
      fc.property(list, list, (allowed, requested) => {
        const kept = intersect(family, allowed, requested);
        const single = requested.filter((value) => allowed.some((one) => covers(family, one, value)));
        // Of SMART's, several allowed scopes may cover one together.
        if (family !== 'smart') expect(kept).toEqual(single);
        expect(kept).toEqual(expect.arrayContaining(single));
        expect(kept).toEqual(requested.filter((value) => intersect(family, allowed, [value]).length === 1));
        expect(intersect(family, allowed, kept)).toEqual(kept);
        expect(intersect(family, kept, kept)).toEqual(kept);
      }),
    );
  });

  test('intersect and uncovered share out the request, each in its order', () => {
    fc.assert(
      fc.property(list, list, (allowed, requested) => {
        const kept = [...intersect(family, allowed, requested)];
        const left = [...uncovered(family, allowed, requested)];
        const merged = requested.map((value) => (kept[0] === value ? kept.shift() : left.shift()));
        expect(merged).toEqual(requested);
        expect([...kept, ...left]).toEqual([]);
      }),
    );
  });
});

test('splitting keeps each token once, in order, and splitting again changes nothing', () => {
  const token = fc.stringMatching(/^[\x21\x23-\x5B\x5D-\x7E]{1,6}$/);
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 10 }), (all) => {
      const once = splitScope(all.join(' '));
      expect(once).toEqual([...new Set(all)]);
      expect(splitScope((once ?? []).join(' '))).toEqual(once);
    }),
  );
});
