import { describe, test } from 'vitest';
import type { Claims, Profile, ResourceRequest, ValidatorOptions } from '../../../src/validator/index.ts';
import {
  atProxy,
  badHeader,
  badRequest,
  base64url,
  careRecord,
  citizen,
  device,
  directory,
  expectAnswer,
  fernhillAsid,
  getStructured,
  invalidResource,
  make,
  millbrookAsid,
  missingClaim,
  organization,
  practitioner,
  professional,
  proxied,
  type Refusal,
  scoped,
  send,
  shapes,
  signed,
  signedText,
  spine,
  structured,
  system,
  without,
} from './world.ts';

/** Two faults at once, with the answer to the one that section 9 has first. */
type Pair = [
  name: string,
  profile: Profile,
  claims: Claims,
  refusal: Refusal,
  request?: Partial<ResourceRequest>,
  options?: Partial<ValidatorOptions>,
];

const change = (members: Claims): Claims => ({ ...structured, ...members });
const change0 = (members: Claims): Claims => ({ ...careRecord, ...members });
const location = { resourceType: 'Location', name: 'Ward 7' };
const odd = { ...location, odsCode: 'ZZ800' };
const noModel = without(device, 'model');
const noOds = without(organization, 'identifier');
const noUser = { ...practitioner, identifier: [] as object[] };
const headed = (headers: ResourceRequest['headers']) => ({
  ...getStructured,
  headers: { ...getStructured.headers, ...headers },
});
const read = 'fhir:operation:gpc.getcarerecord';
const raHeaders = {
  FromASID: fernhillAsid,
  ToASID: millbrookAsid,
  TraceID: '09a01679-2564-0fb4-5129-aecc81ea2706',
  InteractionID: 'urn:nhs:names:services:raflags:Flag.read:1',
};
const readFlag = (headers: ResourceRequest['headers']) => ({
  method: 'GET',
  path: '/Flag',
  headers: { ...raHeaders, ...headers },
});
const doctor: Claims = { ...professional, scope: 'patient/DocumentReference.read' };

const table: Record<string, Pair[]> = {
  '2. headers': [
    [
      'missing v wrong Ssp-To',
      'gp-connect',
      structured,
      badRequest('Header Ssp-InteractionID is missing'),
      headed({ 'Ssp-To': fernhillAsid, 'Ssp-InteractionID': undefined }),
      atProxy,
    ],
    [
      'wrong Ssp-To v unknown interaction',
      'gp-connect',
      structured,
      badRequest('Header Ssp-To is not the ASID of this server'),
      headed({ 'Ssp-To': fernhillAsid, 'Ssp-InteractionID': 'x' }),
      atProxy,
    ],
    [
      'missing v unknown interaction',
      'gp-connect',
      structured,
      badRequest('Header Ssp-TraceID is missing'),
      headed({ 'Ssp-TraceID': undefined, 'Ssp-InteractionID': 'x' }),
      atProxy,
    ],
    [
      'unknown interaction v no Authorization',
      'gp-connect',
      structured,
      badRequest('Header Ssp-InteractionID is not a known interaction'),
      headed({ 'Ssp-InteractionID': 'x', authorization: undefined }),
      atProxy,
    ],
    [
      '0.x: wrong Ssp-To v a claim that is missing',
      'gp-connect-0',
      without(careRecord, 'iss'),
      badRequest('Header Ssp-To is not the ASID of this server'),
      { method: 'POST', path: '/Patient/$gpc.getcarerecord', headers: { ...proxied(read), 'Ssp-To': '1' } },
      atProxy,
    ],
    [
      'RA: no InteractionID v TraceID no UUID',
      'reasonable-adjustments',
      professional,
      badHeader('InteractionID HTTP Header is missing', 'invalid'),
      readFlag({ TraceID: '1', InteractionID: undefined }),
      atProxy,
    ],
    [
      'RA: wrong ToASID v unknown interaction',
      'reasonable-adjustments',
      professional,
      badHeader('ToASID HTTP Header is not the ASID of this server', 'invalid'),
      readFlag({ ToASID: fernhillAsid, InteractionID: 'x' }),
      atProxy,
    ],
    [
      'NRL: no fromASID v wrong toASID v no Authorization',
      'nrl',
      doctor,
      badHeader('fromASID HTTP Header is missing', 'invalid'),
      { method: 'GET', headers: { toASID: fernhillAsid, authorization: undefined } },
      atProxy,
    ],
  ],
  '5. claims': [
    [
      'missing v no FHIR',
      'gp-connect',
      change({ sub: null, requesting_device: odd }),
      badRequest('JWT claim sub is missing'),
    ],
    [
      'requested_record in 1.x v no FHIR',
      'gp-connect',
      change({ requested_record: {}, requesting_device: odd }),
      badRequest('JWT claim requested_record does not belong to this version'),
    ],
    [
      '0.x: missing v no FHIR',
      'gp-connect-0',
      change0({ requested_record: null, requesting_device: odd }),
      badRequest('JWT claim requested_record is missing'),
    ],
    [
      'RA: missing v malformed',
      'reasonable-adjustments',
      without({ ...professional, requesting_system: 'x' }, 'requesting_user'),
      missingClaim('requesting_user'),
    ],
    [
      'NRL: missing v malformed',
      'nrl',
      { ...without(doctor, 'requesting_organization'), requesting_system: 'x' },
      missingClaim('requesting_organization'),
    ],
  ],
  '6. resources': [
    [
      'another type with an unknown element',
      'gp-connect',
      change({ requesting_device: odd }),
      invalidResource(/requesting_device .*unknown element in the resource/),
    ],
    [
      'another type, with no unknown element',
      'gp-connect',
      change({ requesting_device: location }),
      badRequest('JWT claim requesting_device must be a FHIR resource of type Device'),
    ],
    [
      'wrong type v no FHIR in a later claim',
      'gp-connect',
      change({ requesting_device: location, requesting_practitioner: { ...practitioner, shoe: 42 } }),
      invalidResource(/requesting_practitioner/),
    ],
    [
      'missing parts v no FHIR in a later claim',
      'gp-connect',
      change({ requesting_device: noModel, requesting_practitioner: odd }),
      invalidResource(/requesting_practitioner/),
    ],
    [
      'wrong type v lifetime',
      'gp-connect',
      change({ requesting_organization: location, exp: 1 }),
      badRequest('JWT claim requesting_organization must be a FHIR resource of type Organization'),
    ],
    [
      '0.x: another type with an unknown element',
      'gp-connect-0',
      change0({ requesting_device: odd }),
      invalidResource(/requesting_device/),
    ],
    [
      '0.x: another type, with no unknown element',
      'gp-connect-0',
      change0({ requesting_device: location }),
      badRequest('JWT claim requesting_device must be a FHIR resource of type Device'),
    ],
    [
      '0.x: wrong type v no FHIR in a later claim',
      'gp-connect-0',
      change0({ requesting_device: location, requested_record: { resourceType: 'Patient', shoe: 42 } }),
      invalidResource(/requested_record/),
    ],
    [
      '0.x: unknown type v no FHIR in a later claim',
      'gp-connect-0',
      change0({ requesting_device: { resourceType: 'Gadget' }, requesting_practitioner: odd }),
      invalidResource(/requesting_practitioner/),
    ],
    [
      'RA: malformed v lifetime',
      'reasonable-adjustments',
      { ...professional, requesting_organization: 'ZZ800', exp: 1 },
      badHeader(/^requesting_organisation \(ZZ800\) must be of the form/),
    ],
  ],
  '7. times': [
    [
      'lifetime v sub',
      'gp-connect',
      change({ exp: 1, sub: 'pr-rangi' }),
      badRequest('JWT claim exp must be 300 seconds after iat'),
    ],
    [
      'NRL: lifetime v flow',
      'nrl',
      { ...doctor, exp: 1, requesting_patient: citizen.requesting_patient },
      badHeader('JWT claim exp must be 300 seconds after iat'),
    ],
  ],
  '8. who asks': [
    [
      'sub v no ODS code',
      'gp-connect',
      change({ sub: 'pr-rangi', requesting_organization: noOds }),
      badRequest('JWT claim sub must be the id of requesting_practitioner'),
    ],
    [
      'sub v no model',
      'gp-connect',
      change({ sub: 'pr-rangi', requesting_device: noModel }),
      badRequest('JWT claim sub must be the id of requesting_practitioner'),
    ],
    [
      'no ODS code v no SDS user id',
      'gp-connect',
      change({ requesting_organization: noOds, requesting_practitioner: without(noUser, 'identifier') }),
      badRequest(/^JWT claim requesting_organization lacks an identifier/),
    ],
    [
      'no SDS user id v no model',
      'gp-connect',
      change({ requesting_device: noModel, requesting_practitioner: without(noUser, 'identifier') }),
      badRequest(/^JWT claim requesting_practitioner lacks an identifier/),
    ],
    [
      'no model v audience',
      'gp-connect',
      change({ requesting_device: noModel, aud: 'https://elsewhere.example' }),
      badRequest('JWT claim requesting_device lacks model'),
    ],
    [
      '0.x: sub v no id of the device',
      'gp-connect-0',
      change0({ sub: 'pr-rangi', requesting_device: device }),
      badRequest('JWT claim sub must be the id of requesting_practitioner'),
    ],
    [
      '0.x: sub v no ODS code',
      'gp-connect-0',
      change0({ sub: 'pr-rangi', requesting_organization: { ...noOds, id: 'organization-1' } }),
      badRequest('JWT claim sub must be the id of requesting_practitioner'),
    ],
    [
      'RA: sub v unknown ASID',
      'reasonable-adjustments',
      { ...professional, sub: system, requesting_system: `${system}9` },
      badHeader(/claim's values must match$/),
      {},
      { directory },
    ],
    [
      'NRL: sub v audience',
      'nrl',
      { ...doctor, sub: system, aud: `${spine}/x` },
      badHeader(/claim's values must match$/),
    ],
  ],
  '9. to 11. audience, reason, scope': [
    [
      'audience v reason',
      'gp-connect',
      change({ aud: 'https://elsewhere.example', reason_for_request: 'curiosity' }),
      badRequest('JWT claim aud is not this service root'),
    ],
    [
      'reason v scope',
      'gp-connect',
      change({ reason_for_request: 'curiosity', requested_scope: 'everything' }),
      badRequest('JWT claim reason_for_request must be directcare or migration'),
    ],
    [
      'scope v the record, 0.x',
      'gp-connect-0',
      change0({ requested_scope: 'everything' }),
      badRequest(/^JWT claim requested_scope must be one of/),
      { patient: '9990001022' },
    ],
    [
      'RA: audience v reason',
      'reasonable-adjustments',
      { ...professional, aud: `${spine}/x`, reason_for_request: 'secondaryuses' },
      badHeader('JWT claim aud is not this endpoint'),
    ],
    [
      'NRL: reason v scope',
      'nrl',
      { ...doctor, reason_for_request: 'secondaryuses', scope: 'everything' },
      badHeader('JWT claim reason_for_request must be directcare in this flow'),
    ],
    [
      'CONFLICTING_VALUES v NO_RELATIONSHIP',
      'gp-connect',
      scoped('patient/*.read conf/N', { reason_for_request: 'migration' }),
      [400, 'invalid', 'CONFLICTING_VALUES'],
      { method: 'POST', path: '/Patient/$gpc.migratestructuredrecord', sensitive: true },
    ],
  ],
};

describe.each(shapes)('section 9, %s: the first fault is the answer', (shape) => {
  describe.each(Object.entries(table))('%s', (_step, pairs) => {
    test.each(pairs)('%s', async (_name, profile, claims, refusal, request, options) => {
      const token = await make(shape, claims);

      expectAnswer(await send(profile, token, request, options), shape, refusal, profile);
    });
  });
});

describe('section 9: Authorization, envelope, signature, payload', () => {
  const good = '{"alg":"ES256","kid":"ES256","typ":"at+jwt"}';
  const families = [
    ['gp-connect', structured, badRequest],
    ['gp-connect-0', careRecord, badRequest],
    ['reasonable-adjustments', professional, badHeader],
    ['nrl', doctor, badHeader],
  ] as const;

  test.each(families)(
    '3 v 4, two tokens of which none has three parts: %s',
    async (profile, _claims, refusal) => {
      const request = { headers: { authorization: 'Bearer abc abc' } };
      const answer = await send(profile, '', request);
      expectAnswer(answer, 'signed', refusal(/Bearer and one token/), profile);
    },
  );

  test.each(families)('4, in the header v the signature: %s', async (profile, claims, refusal) => {
    const token = await signed(claims, { typ: 'logout+jwt' }, 'stranger');
    expectAnswer(await send(profile, token), 'signed', refusal(/typ must be/), profile);
  });

  test.each(families)(
    '4 v 5, a bad signature v a payload that is no JSON: %s',
    async (profile, _claims, refusal) => {
      for (const text of ['{"iss":', '[]', 'null', '']) {
        const [, , signature = ''] = (await signed({})).split('.');
        const token = `${base64url(good)}.${base64url(text) || 'AA'}.${signature}`;
        const answer = await send(profile, token);
        expectAnswer(answer, 'signed', refusal('JWT signature is not that of the issuer'), profile);
        const own = await send(profile, await signedText(text || '{'));
        expectAnswer(own, 'signed', refusal('JWT payload is not a JSON object'), profile);
      }
    },
  );

  test.each(families)(
    '4 v 5, a bad signature v a claim that is missing: %s',
    async (profile, claims, refusal) => {
      const token = await signed(without(claims, 'iss'), {}, 'stranger');
      const answer = await send(profile, token);
      expectAnswer(answer, 'signed', refusal('JWT signature is not that of the issuer'), profile);
    },
  );

  test.each(families)('5 v the binding, a payload that is no JSON: %s', async (profile, _claims, refusal) => {
    const token = await signedText('{"cnf":');
    const request = { headers: { authorization: `DPoP ${token}` } };
    const answer = await send(profile, token, request);
    expectAnswer(answer, 'signed', refusal('JWT payload is not a JSON object'), profile);
  });
});
