import { describe, expect, test } from 'vitest';
import { combinationFault, covers, intersect, needsPerson, uncovered } from '../../../src/scopes/index.ts';
import { laboratory } from './tables.ts';

const tokens = (value: string) => value.split(' ');

describe('one SMART scope covers another', () => {
  test.each<[allowed: string, requested: string, expected: boolean]>([
    ['patient/Observation.rs', 'patient/Observation.rs', true],
    ['patient/Observation.rs', 'patient/Observation.r', true],
    ['patient/Observation.r', 'patient/Observation.rs', false],
    ['patient/Observation.cud', 'patient/Observation.r', false],
    ['patient/Observation.rs', 'patient/Observation.read', true],
    ['patient/Observation.read', 'patient/Observation.rs', true],
    ['patient/Observation.read', 'patient/Observation.write', false],
    ['patient/Observation.*', 'patient/Observation.cruds', true],
    ['patient/*.rs', 'patient/Observation.rs', true],
    ['patient/*.rs', 'patient/*.r', true],
    ['patient/Observation.rs', 'patient/*.rs', false],
    ['patient/Observation.rs', 'patient/Patient.rs', false],
    ['user/*.cruds', 'patient/Observation.r', false],
    ['patient/*.cruds', 'user/Observation.r', false],
    ['user/*.cruds', 'system/Observation.r', false],
    ['system/*.cruds', 'system/Observation.r', true],
    ['patient/Observation.rs', `patient/Observation.rs?category=${laboratory}`, true],
    [`patient/Observation.rs?category=${laboratory}`, 'patient/Observation.rs', false],
    ['patient/Observation.rs?category=a', 'patient/Observation.r?status=final&category=a', true],
    ['patient/Observation.rs?category=a&status=final', 'patient/Observation.rs?category=a', false],
    ['patient/Observation.rs?category=a', 'patient/Observation.rs?category=b', false],
    ['patient/Observation.rs?category=a', 'patient/Observation.rs?category=a,b', false],
    ['patient/Observation.rs?category=a', 'patient/Observation.rs?code=a', false],
    ['patient/Observation.rs?code=a%7Cb', 'patient/Observation.rs?code=a|b', true],
    ['patient/*.rs?_security=a', 'patient/Observation.rs', false],
    ['patient/*.rs?_security=a', 'patient/Observation.rs?_security=a', true],
    ['openid', 'openid', true],
    ['profile', 'fhirUser', false],
    ['patient/*.cruds', 'launch/patient', false],
    ['launch/patient', 'patient/Patient.r', false],
    ['offline_access', 'online_access', false],
    ['patient/Observation.sr', 'patient/Observation.sr', false],
  ])('%s covers %s: %s', (allowed, requested, expected) => {
    expect(covers('smart', allowed, requested)).toBe(expected);
  });
});

describe('several SMART scopes cover one together', () => {
  test.each<[allowed: string, requested: string, expected: boolean]>([
    ['patient/Observation.r patient/Observation.s', 'patient/Observation.rs', true],
    ['patient/Observation.r patient/Observation.s', 'patient/Observation.read', true],
    ['patient/Observation.read patient/Observation.write', 'patient/Observation.*', true],
    ['patient/*.read patient/Observation.write', 'patient/Observation.cruds', true],
    ['patient/*.read patient/Observation.write', 'patient/*.cruds', false],
    ['patient/Observation.r patient/Observation.c', 'patient/Observation.rs', false],
    ['patient/Observation.r user/Observation.s', 'patient/Observation.rs', false],
    ['patient/Observation.r patient/Patient.s', 'patient/Observation.rs', false],
    ['patient/Observation.r?category=a patient/Observation.s', 'patient/Observation.rs?category=a', true],
    ['patient/Observation.r?category=a patient/Observation.s', 'patient/Observation.rs', false],
    ['patient/Observation.rs?category=a patient/Observation.rs?category=b', 'patient/Observation.rs', false],
    ['patient/Observation.rs patient/Patient.rs patient/Immunization.rs', 'patient/*.rs', false],
  ])('%s cover %s: %s', (allowed, requested, expected) => {
    expect(intersect('smart', tokens(allowed), [requested])).toEqual(expected ? [requested] : []);
    expect(uncovered('smart', tokens(allowed), [requested])).toEqual(expected ? [] : [requested]);
  });
});

test.each<[text: string, expected: boolean]>([
  ['system/Patient.r', false],
  ['system/*.cruds', false],
  ['introspect', false],
  ['patient/Patient.r', true],
  ['user/*.read', true],
  ['openid', true],
  ['profile', true],
  ['fhirUser', true],
  ['launch/patient', true],
  ['offline_access', true],
  ['online_access', true],
  ['system/patient.r', true],
])('SMART scope %s needs a person: %s', (text, expected) => {
  expect(needsPerson('smart', text)).toBe(expected);
});

describe('SMART scopes of one request', () => {
  const system = 'system scopes cannot stand beside patient or user scopes';
  const access = 'offline_access and online_access exclude each other';

  test.each([
    ['system/Patient.r patient/Patient.r', system],
    ['user/Patient.r openid system/*.rs', system],
    ['offline_access online_access', access],
    ['openid online_access patient/*.rs offline_access', access],
  ])('refuses %s', (value, fault) => {
    expect(combinationFault('smart', tokens(value))).toBe(fault);
  });

  test.each([
    'launch/patient',
    'patient/Patient.r user/Practitioner.r',
    'system/Patient.r system/*.s introspect',
    'openid fhirUser launch/patient offline_access patient/*.rs',
    'online_access patient/Observation.read',
    'system/patient.r patient/Patient.r',
  ])('has nothing against %s', (value) => {
    expect(combinationFault('smart', tokens(value))).toBeUndefined();
  });
});
