import { describe, expect, test } from 'vitest';
import { aboveCeiling } from '../../../src/practitioners/index.ts';

/** How far each kind of job reaches, by SDS job role code (spine-jwt.md section 11.1; the table itself is our decision). */

const spine = [
  'user/Flag.read',
  'user/Consent.read',
  'user/List.read',
  'user/Condition.read',
  'user/Flag.write',
  'user/Consent.write',
  'user/Condition.write',
  'user/List.write',
  'patient/Observation.read',
  'patient/Observation.write',
  'user/*.read',
  'user/*.write',
];

const gpConnect = [
  'patient/*.read',
  'patient/*.write',
  'organization/*.read',
  'organization/*.write',
  'conf/N',
  'conf/R',
];

/** What each row may not have, of all that is asked here. */
const rows: readonly (readonly [
  code: string,
  job: string,
  spine: readonly string[],
  gpConnect: readonly string[],
])[] = [
  ...(
    [
      ['R0260', 'General Medical Practitioner'],
      ['R8000', 'Clinical Practitioner'],
      ['R8001', 'Nurse'],
      ['R8003', 'Health Professional'],
      ['R8016', 'Midwife'],
    ] as const
  ).map(([code, job]) => [code, job, [], []] as const),
  [
    'R8004',
    'Healthcare Student',
    spine.filter((scope) => scope.endsWith('.write')),
    ['patient/*.write', 'organization/*.write', 'conf/R'],
  ],
  ...(
    [
      ['R8006', 'Medical Secretary'],
      ['R8008', 'Admin/Clinical Support'],
      ['R8009', 'Receptionist'],
      ['R8010', 'Clerical'],
    ] as const
  ).map(
    ([code, job]) =>
      [code, job, spine.slice(3), ['patient/*.read', 'organization/*.write', 'conf/R']] as const,
  ),
];

describe.for(rows)('%s %s', ([code, , aboveSpine, aboveGpConnect]) => {
  test('at Spine Core', () => {
    expect(aboveCeiling(code, 'spine', spine)).toEqual(aboveSpine);
  });

  test('at GP Connect', () => {
    expect(aboveCeiling(code, 'gp-connect', gpConnect)).toEqual(aboveGpConnect);
  });

  test('speaks for no system', () => {
    expect(aboveCeiling(code, 'spine', ['system/Flag.read', 'system/*.read'])).toEqual([
      'system/Flag.read',
      'system/*.read',
    ]);
  });
});

describe('a code that is not in the table has nothing:', () => {
  test.for([
    'R8015',
    'R0001',
    'R9999',
    'S8000:G8000:R8000',
    'r8000',
    ' R8000',
    'R8000 ',
    'R800',
    'UNK',
    '',
    '__proto__',
    'constructor',
    'toString',
  ])('%j', (code) => {
    expect(aboveCeiling(code, 'spine', spine)).toEqual(spine);
    expect(aboveCeiling(code, 'gp-connect', gpConnect)).toEqual(gpConnect);
  });
});

test('nothing asked is nothing above', () => {
  expect(aboveCeiling('R9999', 'spine', [])).toEqual([]);
});

test('a text that is no scope of the family is above every ceiling', () => {
  expect(aboveCeiling('R8000', 'spine', ['user/Flag', 'everything'])).toEqual(['user/Flag', 'everything']);
  expect(aboveCeiling('R8000', 'gp-connect', ['conf/V', 'user/Flag.read'])).toEqual([
    'conf/V',
    'user/Flag.read',
  ]);
});

test('families without a role in their tokens have no ceiling of their own, so nothing passes', () => {
  expect(aboveCeiling('R8000', 'smart', ['user/Patient.rs'])).toEqual(['user/Patient.rs']);
  expect(aboveCeiling('R8000', 'plain', ['admin.read'])).toEqual(['admin.read']);
});
