import { describe, expect, test } from 'vitest';
import type { Claims, ResourceRequest } from '../../../src/validator/index.ts';
import {
  badRequest,
  device,
  expectAnswer,
  identifierA,
  identifierB,
  identifierC,
  invalidResource,
  issuedAt,
  make,
  millbrook,
  now,
  organization,
  practitioner,
  type Refusal,
  send,
  shapes,
  structured,
  without,
} from './world.ts';

type Row = [name: string, claims: Claims, refusal?: Refusal, request?: Partial<ResourceRequest>];

const change = (members: Claims): Claims => ({ ...structured, ...members });
const ofDevice = (members: object) => change({ requesting_device: { ...device, ...members } });
const ofOrganization = (members: object) =>
  change({ requesting_organization: { ...organization, ...members } });
const ofPractitioner = (members: object) =>
  change({ requesting_practitioner: { ...practitioner, ...members } });
const identifiedBy = (...identifier: object[]) => ofPractitioner({ identifier });
const modifierExtension = [{ url: 'https://fernhill.example/x', valueBoolean: true }];
const absent = { extension: [{ url: 'https://fernhill.example/absent', valueCode: 'masked' }] };
const missing = (claim: string) => badRequest(`JWT claim ${claim} is missing`);

const table: Record<string, Row[]> = {
  '3.1 version 1.x': [
    ['all ten claims', structured],
    ...Object.keys(structured).flatMap((name): Row[] => [
      [`${name} missing`, without(structured, name), missing(name)],
      [`${name} null`, change({ [name]: null }), missing(name)],
      [`${name} empty`, change({ [name]: '' }), missing(name)],
    ]),
    ...['iss', 'sub', 'aud', 'reason_for_request', 'requested_scope'].map(
      (name): Row => [
        `${name} not a string`,
        change({ [name]: 1 }),
        badRequest(`JWT claim ${name} must be a string`),
      ],
    ),
    [
      'sub is requesting_practitioner.id',
      change({ sub: 'pr-rangi' }),
      badRequest('JWT claim sub must be the id of requesting_practitioner'),
    ],
    ['aud is the service root', change({ aud: `${millbrook}/Patient` }), badRequest(/aud/)],
    ['aud with a slash at its end', change({ aud: `${millbrook}/` }), badRequest(/aud/)],
    ['aud in another case', change({ aud: millbrook.toUpperCase() }), badRequest(/aud/)],
    ['aud as a list', change({ aud: [millbrook] }), badRequest('JWT claim aud must be a string')],
    ['reason_for_request directcare', change({ reason_for_request: 'directcare' })],
    [
      'reason_for_request migration, from 1.6.0',
      change({ reason_for_request: 'migration' }),
      undefined,
      { registeredPractice: 'ZZ800' },
    ],
    [
      'reason_for_request secondaryuses',
      change({ reason_for_request: 'secondaryuses' }),
      badRequest(/reason/),
    ],
    [
      'reason_for_request in another case',
      change({ reason_for_request: 'DirectCare' }),
      badRequest(/reason/),
    ],
    ['requested_record belongs to 0.x', change({ requested_record: {} }), badRequest(/requested_record/)],
    ['requested_record null', change({ requested_record: null }), badRequest(/requested_record/)],
    ['claims that it does not know are ignored', change({ client_id: 'gp-clinic', jti: 'b7e1', scope: 'x' })],
  ],
  '3.1 exp and iat': [
    ['exp - iat 300', change({ exp: issuedAt + 300 })],
    [
      'exp - iat 299',
      change({ exp: issuedAt + 299 }),
      badRequest('JWT claim exp must be 300 seconds after iat'),
    ],
    [
      'exp - iat 301',
      change({ exp: issuedAt + 301 }),
      badRequest('JWT claim exp must be 300 seconds after iat'),
    ],
    ['exp before iat', change({ exp: issuedAt - 1 }), badRequest(/300 seconds/)],
    [
      'exp as a text',
      change({ exp: String(issuedAt + 300) }),
      badRequest('JWT claim exp must be an integer'),
    ],
    ['iat as a text', change({ iat: String(issuedAt) }), badRequest('JWT claim iat must be an integer')],
    ['a fraction of a second', change({ iat: issuedAt + 0.5, exp: issuedAt + 300.5 }), badRequest(/integer/)],
    ['too large to be counted', change({ iat: 2 ** 60, exp: 2 ** 60 + 300 }), badRequest(/integer/)],
    ['one second before exp', change({ iat: now - 299, exp: now + 1 })],
    ['not acceptable on exp', change({ iat: now - 300, exp: now }), badRequest('JWT has expired')],
    ['expired', change({ iat: now - 301, exp: now - 1 }), badRequest('JWT has expired')],
    ['600 s old', change({ iat: now - 600, exp: now - 300 }), badRequest('JWT has expired')],
    ['iat 200 s in the future, as tested', change({ iat: now + 200, exp: now + 500 })],
    ['iat 600 s in the future, as the reference provider', change({ iat: now + 600, exp: now + 900 })],
    ['iat 601 s in the future', change({ iat: now + 601, exp: now + 901 }), badRequest(/future/)],
  ],
  '3.2 requesting_device': [
    ['resourceType Device', ofDevice({})],
    [
      'another valid type',
      change({ requesting_device: { resourceType: 'Group', type: 'device', actual: true } }),
      badRequest('JWT claim requesting_device must be a FHIR resource of type Device'),
    ],
    [
      "a device's elements under another type",
      ofDevice({ resourceType: 'Group' }),
      invalidResource(/unknown element/),
    ],
    ['another of the three', change({ requesting_device: organization }), badRequest(/type Device/)],
    ['unknown type', ofDevice({ resourceType: 'Gadget' }), invalidResource(/requesting_device/)],
    ['no type', change({ requesting_device: without(device, 'resourceType') }), invalidResource()],
    ['a text', change({ requesting_device: 'Device' }), invalidResource()],
    ['a list', change({ requesting_device: [device] }), invalidResource()],
    ['unknown element', ofDevice({ colour: 'red' }), invalidResource(/unknown element/)],
    [
      'identifier missing',
      change({ requesting_device: without(device, 'identifier') }),
      badRequest(/identifier/),
    ],
    ['identifier[].system missing', ofDevice({ identifier: [{ value: '1' }] }), badRequest(/identifier/)],
    [
      'identifier[].value missing',
      ofDevice({ identifier: [{ system: 'urn:x:y' }] }),
      badRequest(/identifier/),
    ],
    ['identifier no list', ofDevice({ identifier: { system: 'urn:x:y', value: '1' } }), invalidResource()],
    ['identifier empty', ofDevice({ identifier: [] }), invalidResource()],
    [
      'the first identifier incomplete, a later one whole',
      ofDevice({ identifier: [{ system: 'urn:x:y' }, ...device.identifier] }),
      badRequest('JWT claim requesting_device lacks an identifier with system and value'),
    ],
    ['model missing', change({ requesting_device: without(device, 'model') }), badRequest(/lacks model/)],
    [
      'version missing',
      change({ requesting_device: without(device, 'version') }),
      badRequest(/lacks version/),
    ],
    ['version a number', ofDevice({ version: 3 }), invalidResource(/version/)],
    ['url, only 1.0.0 to 1.2.2', ofDevice({ url: 'https://records.fernhill.example/' })],
    ['id, not asked for in 1.x', ofDevice({ id: 'device-1' })],
    [
      'other elements of base FHIR STU3',
      ofDevice({
        text: { status: 'empty', div: '<div xmlns="http://www.w3.org/1999/xhtml"/>' },
        extension: [{ url: 'https://fernhill.example/x', valueString: 'y' }],
        status: 'active',
        _model: { id: 'm' },
        owner: { reference: 'Organization/1' },
      }),
    ],
    ['an element of another FHIR version', ofDevice({ serialNumber: '1' }), invalidResource()],
    [
      'an identifier whose assigner is known by an identifier',
      ofDevice({
        identifier: [
          {
            system: 'urn:x:y',
            value: '1',
            assigner: { identifier: { ...organization.identifier[0], assigner: { display: 'NHS' } } },
          },
        ],
      }),
    ],
    [
      'an unknown element there',
      ofDevice({ identifier: [{ system: 'urn:x:y', value: '1', assigner: { identifier: { code: 'x' } } }] }),
      invalidResource(/unknown element in identifier\.0\.assigner\.identifier/),
    ],
    ['a modifier extension in a backbone element, udi', ofDevice({ udi: { name: 'x', modifierExtension } })],
    [
      'a modifier extension in another element',
      ofDevice({ type: { text: 'x', modifierExtension } }),
      invalidResource(/unknown element in type/),
    ],
  ],
  '3.3 requesting_organization': [
    ['resourceType Organization', ofOrganization({})],
    ['another valid type', ofOrganization({ resourceType: 'Location' }), badRequest(/type Organization/)],
    ['unknown type', ofOrganization({ resourceType: 'Organisation' }), invalidResource()],
    ['unknown element', ofOrganization({ odsCode: 'ZZ800' }), invalidResource()],
    [
      'name missing',
      change({ requesting_organization: without(organization, 'name') }),
      badRequest(/lacks name/),
    ],
    ['name empty', ofOrganization({ name: '' }), invalidResource(/name/)],
    [
      'identifier missing',
      change({ requesting_organization: without(organization, 'identifier') }),
      badRequest(/ods-organization-code/),
    ],
    [
      'identifier under another system',
      ofOrganization({
        identifier: [{ system: 'http://fhir.nhs.net/Id/ods-organization-code', value: 'ZZ800' }],
      }),
      badRequest(/ods-organization-code/),
    ],
    [
      'identifier without a value',
      ofOrganization({ identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code' }] }),
      badRequest(/ods-organization-code/),
    ],
    ...['', ' ', 'zz800', 'ZZ', 'ZZ8000000', 'ZZ-800', '200000990800', 'UNK '].map(
      (value): Row => [
        `an ODS code that is none: ${JSON.stringify(value)}`,
        ofOrganization({ identifier: [{ ...organization.identifier[0], value }] }),
        value === ''
          ? invalidResource()
          : badRequest(
              'JWT claim requesting_organization has no ODS code under the system https://fhir.nhs.uk/Id/ods-organization-code',
            ),
      ],
    ),
    [
      'the ODS code after another identifier',
      ofOrganization({ identifier: [{ system: 'urn:x:y', value: '1' }, ...organization.identifier] }),
    ],
    ['id, dropped in 1.x', ofOrganization({ id: 'organization-1' })],
    [
      'a modifier extension in a contact',
      ofOrganization({ contact: [{ modifierExtension, name: { family: 'Cooper' } }] }),
    ],
    ['telecom, of base FHIR STU3', ofOrganization({ telecom: [{ system: 'phone', value: '01632 960000' }] })],
  ],
  '3.4 requesting_practitioner': [
    ['resourceType Practitioner', ofPractitioner({})],
    ['another valid type', ofPractitioner({ resourceType: 'Patient' }), badRequest(/type Practitioner/)],
    ['unknown type', ofPractitioner({ resourceType: 'Doctor' }), invalidResource()],
    ['unknown element', ofPractitioner({ role: 'R8000' }), invalidResource()],
    [
      'an element of DSTU2',
      ofPractitioner({ practitionerRole: [{ role: { text: 'GP' } }] }),
      invalidResource(/unknown element/),
    ],
    [
      'id missing',
      change({ requesting_practitioner: without(practitioner, 'id') }),
      badRequest('JWT claim requesting_practitioner lacks id'),
    ],
    ['id another than sub', ofPractitioner({ id: 'pr-rangi' }), badRequest(/sub must be the id/)],
    [
      'name[] missing',
      change({ requesting_practitioner: without(practitioner, 'name') }),
      badRequest(/name/),
    ],
    ['family missing', ofPractitioner({ name: [{ given: ['Priya'] }] }), badRequest(/family/)],
    ['family a list, as in 0.x', ofPractitioner({ name: [{ family: ['Shah'] }] }), invalidResource()],
    ['name an object, as in 0.x', ofPractitioner({ name: { family: 'Shah' } }), invalidResource()],
    ['given and prefix where available', ofPractitioner({ name: [{ family: 'Shah' }] })],
    [
      'given a text',
      ofPractitioner({ name: [{ family: 'Shah', given: 'Priya' }] }),
      invalidResource(/name\.0\.given/),
    ],
    [
      'prefix a text',
      ofPractitioner({ name: [{ family: 'Shah', prefix: 'Dr' }] }),
      invalidResource(/name\.0\.prefix/),
    ],
    [
      'given null, with the reason beside it',
      ofPractitioner({ name: [{ family: 'Shah', given: ['Priya', null], _given: [null, absent] }] }),
    ],
    ['given null alone', ofPractitioner({ name: [{ family: 'Shah', given: [null], _given: [absent] }] })],
    [
      'given null without a reason',
      ofPractitioner({ name: [{ family: 'Shah', given: ['Priya', null] }] }),
      invalidResource(/name\.0\.given/),
    ],
    [
      'given null, the reason at another place',
      ofPractitioner({ name: [{ family: 'Shah', given: ['Priya', null], _given: [absent, null] }] }),
      invalidResource(/name\.0\.given/),
    ],
    [
      'a modifier extension in a qualification',
      ofPractitioner({ qualification: [{ code: { text: 'MB' }, modifierExtension }] }),
    ],
    ['identifier A missing', identifiedBy(identifierB, identifierC), badRequest(/sds-user-id/)],
    ['identifier A UNK, without smartcard', identifiedBy({ ...identifierA, value: 'UNK' }, identifierC)],
    ['identifier A without a value', identifiedBy({ system: identifierA.system }), badRequest(/sds-user-id/)],
    ['identifier B UNK', identifiedBy(identifierA, { ...identifierB, value: 'UNK' })],
    ['identifier B missing', identifiedBy(identifierA, identifierC)],
    ['identifier C missing', identifiedBy(identifierA, identifierB)],
    ['only identifier A, as tested', identifiedBy(identifierA)],
    [
      'UNK in A and B, as tested',
      identifiedBy({ ...identifierA, value: 'UNK' }, { ...identifierB, value: 'UNK' }, identifierC),
    ],
    [
      'more than one local identifier',
      identifiedBy(identifierA, identifierC, { ...identifierC, value: 'priya.shah' }),
    ],
    ['no identifier', change({ requesting_practitioner: without(practitioner, 'identifier') }), badRequest()],
    [
      'telecom, of base FHIR STU3',
      ofPractitioner({ telecom: [{ system: 'email', value: 'p@example.test' }] }),
    ],
  ],
};

describe.each(shapes)('%s', (shape) => {
  describe.each(Object.entries(table))('%s', (_section, rows) => {
    test.each(rows)('%s', async (_name, claims, refusal, request) => {
      expectAnswer(await send('gp-connect', await make(shape, claims), request), shape, refusal);
    });
  });
});

describe('the order of the checks: the first fault is the answer', () => {
  const everything: Claims = {
    ...without(structured, 'iss'),
    requesting_device: organization,
    requesting_practitioner: { ...practitioner, shoe: 42 },
    exp: 0,
    sub: 'pr-rangi',
    aud: 'https://elsewhere.example/',
    reason_for_request: 'curiosity',
    requested_scope: 'everything',
  };
  const repairs: [fault: RegExp, repair: Claims][] = [
    [/iss is missing/, { iss: structured.iss }],
    [/requesting_practitioner is not a valid FHIR resource/, { requesting_practitioner: practitioner }],
    [/requesting_device must be a FHIR resource of type Device/, { requesting_device: device }],
    [/exp must be 300 seconds/, { exp: structured.exp }],
    [/sub must be/, { sub: structured.sub }],
    [/aud is not/, { aud: structured.aud }],
    [/reason_for_request must be/, { reason_for_request: structured.reason_for_request }],
    [/requested_scope must be/, { requested_scope: structured.requested_scope }],
  ];

  test.each(shapes)('%s', async (shape) => {
    let claims = everything;
    for (const [fault, repair] of repairs) {
      const answer = await send('gp-connect', await make(shape, claims));
      expect(JSON.stringify(answer)).toMatch(fault);
      claims = { ...claims, ...repair };
    }
    expectAnswer(await send('gp-connect', await make(shape, claims)), shape, undefined);
  });
});

test('a provider may accept the constant of 0.x as aud, as test suites still send it', async () => {
  const constant = 'https://authorize.fhir.nhs.net/token';
  const token = await make('signed', change({ aud: constant }));
  expectAnswer(await send('gp-connect', token), 'signed', badRequest(/aud/));
  expectAnswer(
    await send('gp-connect', token, {}, { audiences: [millbrook, constant] }),
    'signed',
    undefined,
  );
});
