import { describe, test } from 'vitest';
import type { Claims, ResourceRequest } from '../../../src/validator/index.ts';
import {
  badRequest,
  careRecord,
  expectAnswer,
  invalidResource,
  make,
  millbrook,
  type Refusal,
  send,
  shapes,
  without,
} from './world.ts';

type Row = [name: string, claims: Claims, refusal?: Refusal, request?: Partial<ResourceRequest>];

const change = (members: Claims): Claims => ({ ...careRecord, ...members });
const inside = (claim: string, members: object) =>
  change({ [claim]: { ...(careRecord[claim] as object), ...members } });
const cut = (claim: string, ...names: string[]) =>
  change({ [claim]: without(careRecord[claim] as Claims, ...names) });
const record = (members: object) => inside('requested_record', members);
const patient = (system: string, value: string) => record({ identifier: [{ system, value }] });
const ofNhsNumber = 'http://fhir.nhs.net/Id/nhs-number';
const ofOds = 'http://fhir.nhs.net/Id/ods-organization-code';

const getCareRecord = { method: 'POST', path: '/Patient/$gpc.getcarerecord' };
const metadata = { method: 'GET', path: '/metadata' };

const rows: Row[] = [
  ['everything in its place', careRecord],
  [
    'requested_record missing',
    without(careRecord, 'requested_record'),
    badRequest(/requested_record is missing/),
  ],
  [
    'requesting_record, as the snippets call it, is not the claim',
    { ...without(careRecord, 'requested_record'), requesting_record: careRecord.requested_record },
    badRequest(/requested_record is missing/),
  ],
  ['requested_record a Patient', patient(ofNhsNumber, '9990001014')],
  [
    'a Patient under the system of 1.x',
    patient('https://fhir.nhs.uk/Id/nhs-number', '9990001014'),
    badRequest(/NHS number/),
  ],
  [
    'a Patient whose NHS number has a wrong digit',
    patient(ofNhsNumber, '9990001015'),
    badRequest(/NHS number/),
  ],
  [
    'requested_record an Organization',
    change({
      requested_record: { resourceType: 'Organization', identifier: [{ system: ofOds, value: 'ZZ901' }] },
    }),
  ],
  [
    'an Organization without an ODS code',
    change({ requested_record: { resourceType: 'Organization', name: 'Millbrook Surgery' } }),
    badRequest(/ods-organization-code/),
  ],
  [
    'an Organization under the ODS system of 1.x',
    change({
      requested_record: {
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ901' }],
      },
    }),
    badRequest(/requested_record lacks an identifier with the system http:\/\/fhir\.nhs\.net/),
  ],
  [
    'an Organization with an ODS code that is none',
    change({
      requested_record: { resourceType: 'Organization', identifier: [{ system: ofOds, value: 'x' }] },
    }),
    badRequest(/requested_record has no ODS code/),
  ],
  [
    'a modifier extension in a backbone element',
    inside('requesting_practitioner', {
      practitionerRole: [
        { modifierExtension: [{ url: 'urn:x:y', valueBoolean: true }], role: { text: 'GP' } },
      ],
    }),
  ],
  [
    'given null, with the reason beside it',
    inside('requesting_practitioner', {
      name: {
        family: ['Shah'],
        given: [null],
        _given: [{ extension: [{ url: 'urn:x:y', valueCode: 'masked' }] }],
      },
    }),
  ],
  [
    'requested_record another resource',
    record({ resourceType: 'Practitioner' }),
    badRequest(/Patient or Organization/),
  ],
  ['requested_record with an unknown element', record({ nhsNumber: '9990001014' }), invalidResource()],
  [
    'patient in the token ≠ patient in the body',
    careRecord,
    badRequest(/another patient/),
    { patient: '9990001022' },
  ],
  ['patient in the token = patient in the body', careRecord, undefined, { patient: '9990001014' }],
  ['aud the service root', change({ aud: millbrook }), badRequest(/aud/)],
  ['reason_for_request migration', change({ reason_for_request: 'migration' }), badRequest(/reason/)],
  ['requested_scope organization/*.read', change({ requested_scope: 'organization/*.read' })],
  ['requested_scope with a write form, 0.5.0 to 0.5.2', change({ requested_scope: 'patient/*.write' })],
  [
    'requested_scope conf/N, which came with 1.6',
    change({ requested_scope: 'patient/*.read conf/N' }),
    badRequest(/scope/),
  ],
  ['requested_scope encounter/*.read', change({ requested_scope: 'encounter/*.read' }), badRequest(/scope/)],
  [
    'requested_scope not that of the operation',
    change({ requested_scope: 'organization/*.write' }),
    badRequest('JWT claim requested_scope must be patient/*.read for this call'),
    getCareRecord,
  ],
  ['requested_scope that of the operation', careRecord, undefined, getCareRecord],
  ['metadata with patient/*.read', careRecord, badRequest(/organization/), metadata],
  [
    'metadata with organization/*.read',
    change({ requested_scope: 'organization/*.read' }),
    undefined,
    metadata,
  ],
  [
    'requesting_device.id missing',
    cut('requesting_device', 'id'),
    badRequest('JWT claim requesting_device lacks id'),
  ],
  [
    'requesting_organization.id missing',
    cut('requesting_organization', 'id'),
    badRequest('JWT claim requesting_organization lacks id'),
  ],
  [
    'the ODS system of 1.x',
    inside('requesting_organization', {
      identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
    }),
    badRequest(/http:\/\/fhir\.nhs\.net\/Id\/ods-organization-code/),
  ],
  [
    'practitioner name a list, as in 1.x',
    inside('requesting_practitioner', { name: [{ family: ['Shah'] }] }),
    invalidResource(),
  ],
  [
    'family a text, as in 1.x',
    inside('requesting_practitioner', { name: { family: 'Shah' } }),
    invalidResource(),
  ],
  ['practitioner name missing', cut('requesting_practitioner', 'name'), badRequest(/name/)],
  ['family missing', inside('requesting_practitioner', { name: { given: ['Priya'] } }), badRequest(/family/)],
  [
    "the SDS user system of the profile, which is not the token's",
    inside('requesting_practitioner', {
      identifier: [{ system: 'http://fhir.nhs.net/Id/sds-user-id', value: '100000000101' }],
    }),
    badRequest(/http:\/\/fhir\.nhs\.net\/sds-user-id/),
  ],
  ['job role missing, as it often is', cut('requesting_practitioner', 'practitionerRole')],
  [
    'job role UNK',
    inside('requesting_practitioner', {
      practitionerRole: [
        { role: { coding: [{ system: 'http://fhir.nhs.net/ValueSet/sds-job-role-name-1', code: 'UNK' }] } },
      ],
    }),
  ],
  ['sub ≠ practitioner id', change({ sub: 'pr-rangi' }), badRequest(/sub/)],
  [
    'unknown type: 400, other than in 1.x',
    inside('requesting_device', { resourceType: 'Gadget' }),
    badRequest(/type Device/),
  ],
  ['unknown element: 422', inside('requesting_device', { colour: 'red' }), invalidResource()],
  ['an element of STU3', inside('requesting_organization', { alias: ['Fernhill'] }), invalidResource()],
];

describe.each(shapes)('3.6 version 0.x, %s', (shape) => {
  test.each(rows)('%s', async (_name, claims, refusal, request) => {
    expectAnswer(
      await send('gp-connect-0', await make(shape, claims), request),
      shape,
      refusal,
      'gp-connect-0',
    );
  });
});
