import { describe, expect, test } from 'vitest';
import { type ConsentLine, withoutLine } from '../../../src/consents/index.ts';
import { covers, overlaps } from '../../../src/scopes/index.ts';

/** What is left of a decision when one line of it is taken back. */

const reach = {
  covers: (allowed: string, requested: string) => covers('smart', allowed, requested),
  overlaps: (one: string, other: string) => overlaps('smart', one, other),
};

const required = new Set(['openid', 'launch/patient']);

const line = (scope: string, allowed = true): ConsentLine => ({
  scope,
  words: scope,
  required: required.has(scope),
  allowed,
});

const left = (scopes: readonly string[], taken: string, refused: readonly string[] = []) => {
  const lines = [...scopes.map((scope) => line(scope)), ...refused.map((scope) => line(scope, false))];
  const result = withoutLine(lines, taken, reach);
  return Array.isArray(result) ? result.filter(({ allowed }) => allowed).map(({ scope }) => scope) : result;
};

const usual = ['openid', 'launch/patient', 'offline_access', 'patient/Patient.rs', 'patient/Observation.rs'];

describe('taking back one line', () => {
  test('leaves the others', () => {
    expect(left(usual, 'patient/Observation.rs')).toEqual(usual.slice(0, 4));
    expect(left(usual, 'offline_access')).not.toContain('offline_access');
  });

  test.for<[string, string]>([
    ['patient/Observation.rs', 'patient/*.rs'],
    ['patient/*.rs', 'patient/Observation.rs'],
    ['patient/Observation.rs', 'patient/Observation.cruds'],
    ['patient/Observation.rs', 'patient/Observation.rs?category=vital-signs'],
  ])('takes along what reaches into it: %s and %s', ([taken, other]) => {
    expect(left(['openid', 'system/Group.rs', taken, other], taken)).toEqual(['openid', 'system/Group.rs']);
  });

  test('keeps every line, with its words, so that it is not asked again', () => {
    const lines = usual.map((scope) => line(scope));
    const result = withoutLine(lines, 'patient/Observation.rs', reach);
    expect(result).toEqual([...lines.slice(0, 4), line('patient/Observation.rs', false)]);
  });

  test.for(['openid', 'launch/patient'])('that is required goes only with everything: %s', (scope) => {
    expect(left(usual, scope)).toBe('whole');
  });

  test('that is the last to open a part of the record goes only with everything', () => {
    expect(left(['openid', 'patient/Patient.rs'], 'patient/Patient.rs', ['patient/Observation.rs'])).toBe(
      'whole',
    );
    // Nothing of the record was ever asked for: who it is goes on without how long.
    expect(left(['openid', 'offline_access'], 'offline_access')).toEqual(['openid']);
  });

  test.for(['patient/Condition.rs', 'patient/Immunization.rs', '', '__proto__'])(
    'that is not there, or was refused, is nothing: %s',
    (scope) => {
      expect(left(usual, scope, ['patient/Immunization.rs'])).toBeUndefined();
    },
  );
});
