import { describe, expect, test } from 'vitest';
import {
  acrOf,
  asksToWrite,
  levelOf,
  methods,
  requiredLevel,
  suffices,
} from '../../../src/accounts/index.ts';
import { apis } from '../../../src/demo/world.ts';

describe('what a sign-in proved', () => {
  test.each<[what: string, amr: readonly string[], acr: string]>([
    ['nothing', [], '0'],
    ['a code alone', methods.code, '0'],
    ['a password', methods.password, '1'],
    ['a password and a code', [...methods.password, ...methods.code], '2'],
    ['a passkey on one device', methods.devicePasskey, '3'],
    ['a passkey that is synced', methods.syncedPasskey, '3'],
    ['a password, then a passkey', [...methods.password, ...methods.devicePasskey], '3'],
    ['a passkey that nobody unlocked', ['hwk'], '0'],
    ['a password and a passkey that nobody unlocked', ['pwd', 'swk'], '1'],
  ])('%s', (_what, amr, acr) => {
    expect(acrOf(amr)).toBe(acr);
  });

  test.each<[acr: string | undefined, level: 0 | 1 | 2 | 3, enough: boolean]>([
    ['2', 2, true],
    ['3', 2, true],
    ['1', 2, false],
    [undefined, 1, false],
    ['urn:mace:incommon:iap:silver', 1, false],
    ['4', 3, false],
    [undefined, 0, true],
  ])('%s for %i: %s', (acr, level, enough) => {
    expect(suffices(acr, level)).toBe(enough);
  });

  test('a level is none of the names of an object', () => {
    expect(levelOf('constructor')).toBe(0);
  });
});

describe('what a request needs', () => {
  const [fhir, adjustments] = apis('https://assent.example.test');

  test.each<[what: string, level: number, scope: string, acrValues?: string]>([
    ['somebody who signed in', 1, 'openid patient/Patient.rs patient/Immunization.rs'],
    ['a passkey for diagnoses', 3, 'openid patient/Patient.rs patient/Condition.rs'],
    ['a passkey for some test results', 3, 'patient/Observation.r?category=laboratory'],
    ['a passkey for what SMART v1 calls test results', 3, 'user/Observation.read'],
    ['a passkey for everything, as these are part of it', 3, 'patient/*.rs'],
    ['no more for a type that is called like another', 1, 'patient/ObservationDefinition.rs'],
    ['no more for a type that is called like something of an object', 1, 'patient/Constructor.rs'],
    ['what the application asks for', 2, 'patient/Patient.rs', '2'],
    ['the least that the application is content with', 2, 'patient/Patient.rs', '3 urn:other 2'],
    ['what there is, if the application is content with less', 3, 'patient/Observation.rs', '1'],
    ['nothing for a level that nobody knows', 1, 'patient/Patient.rs', 'urn:other 4'],
  ])('%s', (_what, level, scope, acrValues) => {
    expect(requiredLevel({ api: fhir, scopes: scope.split(' '), acrValues })).toBe(level);
  });

  test('what its API asks for', () => {
    const scopes = ['openid', 'user/Condition.read'];
    expect(requiredLevel({ api: adjustments, scopes, acrValues: undefined })).toBe(2);
  });

  test('a sign-in, where no API is named', () => {
    expect(requiredLevel({ api: undefined, scopes: ['openid'], acrValues: undefined })).toBe(1);
    expect(requiredLevel({ api: undefined, scopes: ['openid'], acrValues: '3' })).toBe(3);
    expect(requiredLevel({ api: undefined, scopes: ['openid'], acrValues: '0' })).toBe(1);
  });
});

test.each<[scope: string, writes: boolean]>([
  ['openid patient/Patient.rs', false],
  ['patient/Observation.c', true],
  ['patient/Observation.write', true],
  ['patient/*.*', true],
  ['user/Observation.cud', false],
])('%s asks to change a record: %s', (scope, writes) => {
  const [fhir] = apis('https://assent.example.test');
  expect(asksToWrite(fhir, scope.split(' '))).toBe(writes);
  expect(asksToWrite(undefined, scope.split(' '))).toBe(false);
});
