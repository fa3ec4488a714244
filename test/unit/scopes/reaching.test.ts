import { describe, expect, test } from 'vitest';
import { type ScopeFamily, typesWithin, writes } from '../../../src/scopes/index.ts';

describe('what writes', () => {
  test.each<[ScopeFamily, string, boolean]>([
    ['smart', 'patient/Observation.c', true],
    ['smart', 'patient/Observation.d', true],
    ['smart', 'patient/*.*', true],
    ['smart', 'patient/*.write', true],
    ['smart', 'patient/*.rs', false],
    ['smart', 'patient/*.read', false],
    ['smart', 'offline_access', false],
    ['spine', 'user/Flag.write', true],
    ['spine', 'user/Flag.read', false],
    ['gp-connect', 'patient/*.write', true],
    ['gp-connect', 'conf/R', false],
    ['plain', 'admin.write', false],
    ['smart', 'no scope', false],
  ])('%s %s: %s', (family, text, expected) => {
    expect(writes(family, text)).toBe(expected);
  });
});

describe('what everything is, at an API', () => {
  const offered = [
    'openid',
    'patient/*.rs',
    'patient/Patient.rs',
    'patient/Immunization.read',
    'patient/Observation.rs',
    'patient/Observation.c',
    'user/Practitioner.rs',
  ];

  test.each<[string, string[]]>([
    ['patient/*.rs', ['Patient', 'Immunization', 'Observation']],
    ['patient/*.read', ['Patient', 'Immunization', 'Observation']],
    ['patient/*.*', ['Patient', 'Immunization', 'Observation']],
    ['patient/*.c', ['Observation']],
    ['patient/*.d', []],
    ['user/*.rs', ['Practitioner']],
    ['patient/Patient.rs', []],
    ['openid', []],
    ['no scope', []],
  ])('%s: %j', (text, types) => {
    expect(typesWithin('smart', text, offered)).toEqual(types);
  });

  test('where an API names no types, there is nothing to list', () => {
    expect(typesWithin('gp-connect', 'patient/*.read', ['patient/*.read', 'conf/N'])).toEqual([]);
    expect(typesWithin('smart', 'patient/*.rs', ['patient/*.rs'])).toEqual([]);
  });
});
