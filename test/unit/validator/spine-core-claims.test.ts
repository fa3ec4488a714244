import { describe, test } from 'vitest';
import type { Claims, ResourceRequest, ValidatorOptions } from '../../../src/validator/index.ts';
import {
  aroha,
  badHeader,
  citizen,
  expectAnswer,
  issuedAt,
  make,
  missingClaim,
  now,
  priya,
  professional,
  type Refusal,
  send,
  shapes,
  spine,
  system,
  unattended,
  without,
} from './world.ts';

type Row = [
  name: string,
  claims: Claims,
  refusal?: Refusal,
  request?: Partial<ResourceRequest>,
  options?: Partial<ValidatorOptions>,
];

const change = (members: Claims): Claims => ({ ...professional, ...members });

const table: Record<string, Row[]> = {
  '4 claims': [
    ['a professional', professional],
    ['a citizen', citizen],
    ['an unattended system', unattended],
    ...['iss', 'sub', 'aud', 'exp', 'iat', 'reason_for_request', 'scope', 'requesting_system'].flatMap(
      (name): Row[] => [
        [`${name} missing`, without(professional, name), missingClaim(name)],
        [`${name} null`, change({ [name]: null }), missingClaim(name)],
        [`${name} empty`, change({ [name]: '' }), missingClaim(name)],
      ],
    ),
    ...['iss', 'sub', 'aud', 'reason_for_request', 'scope'].map(
      (name): Row => [
        `${name} not a string`,
        change({ [name]: 1 }),
        badHeader(`JWT claim ${name} must be a string`),
      ],
    ),
    ['aud another endpoint', change({ aud: `${spine}/Flag` }), badHeader(/aud/)],
    ['exp now + 5 minutes', change({ iat: now, exp: now + 300 })],
    [
      'exp - iat 299',
      change({ exp: issuedAt + 299 }),
      badHeader('JWT claim exp must be 300 seconds after iat'),
    ],
    ['exp - iat 301', change({ exp: issuedAt + 301 }), badHeader(/300 seconds/)],
    ['exp a text', change({ exp: String(issuedAt + 300) }), badHeader(/exp must be an integer/)],
    ['expired', change({ iat: now - 300, exp: now }), badHeader('JWT has expired')],
    ['iat 200 s in the future', change({ iat: now + 200, exp: now + 500 })],
    ['reason_for_request directcare', change({ reason_for_request: 'directcare' })],
    ['reason_for_request secondaryuses', change({ reason_for_request: 'secondaryuses' })],
    [
      'reason_for_request patientaccess, of a professional',
      change({ reason_for_request: 'patientaccess' }),
      badHeader(/reason/),
    ],
    ['reason_for_request patientaccess, of a patient', { ...citizen, reason_for_request: 'patientaccess' }],
    [
      'reason_for_request patientaccess, of an unattended system',
      { ...unattended, reason_for_request: 'patientaccess' },
      badHeader('JWT claim reason_for_request patientaccess is only for a patient who asks in person'),
    ],
    ['reason_for_request migration', change({ reason_for_request: 'migration' }), badHeader(/reason/)],
    ['requesting_organization absent', without(professional, 'requesting_organization')],
    [
      'requesting_organization absent where the API wants it',
      without(professional, 'requesting_organization'),
      missingClaim('requesting_organization'),
      {},
      { mandatory: ['requesting_organization'] },
    ],
    [
      'requesting_user absent where the API wants it',
      unattended,
      missingClaim('requesting_user'),
      {},
      { mandatory: ['requesting_user'] },
    ],
    [
      'requesting_patient absent where the API wants it',
      unattended,
      missingClaim('requesting_patient'),
      {},
      { mandatory: ['requesting_patient'] },
    ],
    [
      'requesting_user a local identifier',
      change({
        requesting_user: 'https://fernhill.example/Id/user|pshah',
        sub: 'https://fernhill.example/Id/user|pshah',
      }),
    ],
    ...[
      'https://fhir.nhs.uk/Id/sds-role-profile-id|10000000020X',
      'urn:oid:1.2.826.0.1285.0.1.10|ZZ800',
      'urn:oid:1.2.826.0.1285.0.2.0.65|100000000101',
      'urn:oid:1.2.826.0.1285.0.2.0.67|100000000203',
      'urn:oid:2.16.840.1.113883.2.1.4.3|ZZ800',
    ].map(
      (user): Row => [
        `requesting_user no role profile, and of no local system: ${user}`,
        change({ requesting_user: user, sub: user }),
        badHeader(/^requesting_user must be of the form/),
      ],
    ),
    [
      'requesting_user a group name',
      change({
        requesting_user: 'https://fernhill.example/Id/user|reception',
        sub: 'https://fernhill.example/Id/user|reception',
      }),
      badHeader(/^requesting_user must be of the form/),
    ],
    [
      'requesting_user under another national system',
      change({ requesting_user: system, sub: system }),
      badHeader(/requesting_user/),
    ],
    [
      'requesting_user an object',
      change({ requesting_user: { value: '1' } }),
      badHeader(/^requesting_user must be of the form/),
    ],
    [
      'requesting_user null',
      change({ requesting_user: null }),
      badHeader(/^requesting_user must be of the form/),
    ],
    [
      'requesting_patient with a wrong digit',
      { ...citizen, requesting_patient: `${aroha.slice(0, -1)}5` },
      badHeader(/requesting_patient/),
    ],
    [
      'requesting_patient a list',
      { ...citizen, requesting_patient: [aroha] },
      badHeader(/requesting_patient/),
    ],
    [
      'requesting_patient under the system of FHIR resources',
      {
        ...citizen,
        sub: 'https://fhir.nhs.uk/Id/nhs-number|9990001014',
        requesting_patient: 'https://fhir.nhs.uk/Id/nhs-number|9990001014',
      },
      badHeader(/^requesting_patient must be of the form/),
    ],
    [
      'requesting_patient under the https system of NRL',
      {
        ...citizen,
        sub: aroha.replace('http:', 'https:'),
        requesting_patient: aroha.replace('http:', 'https:'),
      },
    ],
    [
      'requesting_patient and sub under different systems',
      { ...citizen, sub: aroha.replace('http:', 'https:') },
      badHeader(/must match/),
    ],
    [
      'claims that it does not know are ignored',
      change({ client_id: 'ward-app', requested_scope: 'user/Flag.read', jti: 'b7e1' }),
    ],
  ],
  '4 sub selection': [
    [
      '1. requesting_user takes precedence over the system',
      change({ sub: system }),
      badHeader(`requesting_user (${priya}) and sub (${system}) claim's values must match`),
    ],
    ['1. requesting_user takes precedence over the patient', change({ requesting_patient: aroha })],
    [
      '2. a citizen',
      { ...citizen, sub: system },
      badHeader("requesting_patient and sub claim's values must match"),
    ],
    [
      '3. otherwise the system',
      { ...unattended, sub: priya },
      badHeader(`requesting_system (${system}) and sub (${priya}) claim's values must match`),
    ],
  ],
  '6.4 other scope vocabularies': [
    'Patient',
    'Observation',
    'Encounter',
    'Condition',
    'AllergyIntolerance',
    'MedicationPrescription',
    'MedicationStatement',
    'Immunization',
    'DocumentReference',
    'Binary',
  ].map(
    (type): Row => [
      `user/${type}.read`,
      change({ scope: `user/${type}.read` }),
      undefined,
      { scopes: [`user/${type}.read`] },
    ],
  ),
};

describe.each(shapes)('%s', (shape) => {
  describe.each(Object.entries(table))('%s', (_section, rows) => {
    test.each(rows)('%s', async (_name, claims, refusal, request, options) => {
      expectAnswer(await send('spine-core', await make(shape, claims), request, options), shape, refusal);
    });
  });
});
