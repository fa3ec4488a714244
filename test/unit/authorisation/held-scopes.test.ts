import { describe, expect, test } from 'vitest';
import { needsPatient, stillHeld } from '../../../src/authorisation/index.ts';
import { api, diary, make, spineApi } from './kowhai.ts';

/** What is left of granted scopes later, and which of them open a record. */

describe('of what was granted is left', () => {
  const granted = [
    'openid',
    'launch/patient',
    'offline_access',
    'patient/Patient.rs',
    'patient/Observation.rs',
  ];

  test('everything, when nothing was taken away', () => {
    expect(stillHeld(diary, api, granted)).toEqual(granted);
  });

  test('what the client still has', () => {
    const client = make({ apis: { 'kowhai-fhir': ['openid', 'launch/patient', 'patient/Patient.rs'] } });
    expect(stillHeld(client, api, granted)).toEqual(['openid', 'launch/patient', 'patient/Patient.rs']);
  });

  test('what the API still offers', () => {
    const smaller = {
      ...api,
      scopes: api.scopes.map((scope) => (scope === 'patient/*.rs' ? 'patient/Patient.rs' : scope)),
    };
    expect(stillHeld(diary, smaller, granted)).not.toContain('patient/Observation.rs');
    expect(stillHeld(diary, smaller, granted)).toContain('patient/Patient.rs');
  });

  test('nothing, when the client lost the API', () => {
    expect(stillHeld(make({ apis: {} }), api, granted)).toEqual([]);
  });
});

test.for([
  [['patient/Patient.rs'], true],
  [['openid', 'launch/patient'], true],
  [['patient/*.read'], true],
  [['openid', 'fhirUser', 'offline_access'], false],
  [['user/Patient.rs'], false],
  [['patient'], false],
  [[], false],
] as const)('whether %j opens the record of one patient: %s', ([scopes, expected]) => {
  expect(needsPatient(api, scopes)).toBe(expected);
});

test('at an API of another family, patient/ is whichever patient the practitioner has before her', () => {
  expect(needsPatient(spineApi, ['patient/*.read'])).toBe(false);
  expect(needsPatient(undefined, ['openid'])).toBe(false);
});
