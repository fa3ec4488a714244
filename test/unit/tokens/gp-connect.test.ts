import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gpConnect, isLocalSystem, readPractitioner } from '../../../src/tokens/index.ts';
import { sayable } from './sayable.ts';
import { validateGpConnect } from './validate.ts';

const { gpConnectClaims, isReason, lifetime, migrationFault, provenanceFault, reasonFault, reasons } =
  gpConnect;
type Context = gpConnect.GpConnectContext;

const local = { system: 'https://fernhill.example.test/Id/user', value: 'priya.shah' };
const device = {
  identifier: { system: 'https://fernhill.example.test/Id/device', value: 'ward-app' },
  model: 'Fernhill Ward App',
  version: '3.4.1',
};
const priya = {
  id: 'pr-priya',
  sdsUser: '100000000101',
  sdsRoleProfile: '100000000203',
  local: [local],
  name: { family: 'Shah', given: ['Priya'], prefix: ['Dr'] },
};
const context: Context = {
  issuer: 'http://localhost:3000',
  audience: 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured',
  issuedAt: 1767225600,
  jti: 'b7e1',
  clientId: 'gp-clinic',
  device,
  organization: { name: 'Fernhill Hospital', odsCode: 'ZZ800' },
  practitioner: priya,
  reason: 'directcare',
  scope: 'patient/*.read conf/N',
};
const a = { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' };
const b = { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: '100000000203' };

/** What stands at a path such as `requesting_device.identifier.0.system`. */
const at = (claims: object, path: string) =>
  path.split('.').reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], claims);

describe('the claim tables, row by row', () => {
  const claims = gpConnectClaims(context);
  test.each<[string, string, unknown]>([
    ['3.1', 'iss', 'http://localhost:3000'],
    ['3.1', 'sub', 'pr-priya'],
    ['3.1', 'aud', 'https://gp.millbrook.example.test/ZZ901/STU3/1/gpconnect/structured'],
    ['3.1', 'exp', 1767225900],
    ['3.1', 'iat', 1767225600],
    ['3.1', 'reason_for_request', 'directcare'],
    ['3.1', 'requested_scope', 'patient/*.read conf/N'],
    ['3.2', 'requesting_device.resourceType', 'Device'],
    ['3.2', 'requesting_device.identifier.0.system', 'https://fernhill.example.test/Id/device'],
    ['3.2', 'requesting_device.identifier.0.value', 'ward-app'],
    ['3.2', 'requesting_device.model', 'Fernhill Ward App'],
    ['3.2', 'requesting_device.version', '3.4.1'],
    ['3.2', 'requesting_device.url', undefined],
    ['3.2', 'requesting_device.id', undefined],
    ['3.3', 'requesting_organization.resourceType', 'Organization'],
    ['3.3', 'requesting_organization.name', 'Fernhill Hospital'],
    [
      '3.3',
      'requesting_organization.identifier',
      [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
    ],
    ['3.3', 'requesting_organization.id', undefined],
    ['3.4', 'requesting_practitioner.resourceType', 'Practitioner'],
    ['3.4', 'requesting_practitioner.id', 'pr-priya'],
    ['3.4', 'requesting_practitioner.name', [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }]],
    ['3.4 A', 'requesting_practitioner.identifier.0', a],
    ['3.4 B', 'requesting_practitioner.identifier.1', b],
    ['3.4 C', 'requesting_practitioner.identifier.2', local],
    ['only 0.x', 'requested_record', undefined],
    ['only Spine Core', 'scope', undefined],
    ['only Spine Core', 'requesting_system', undefined],
    ['only Spine Core', 'requesting_user', undefined],
    ['ours', 'client_id', 'gp-clinic'],
    ['ours', 'jti', 'b7e1'],
  ])('%s: %s', (_section, path, expected) => expect(at(claims, path)).toStrictEqual(expected));

  test('sub is the id of the practitioner', () => expect(claims.sub).toBe(claims.requesting_practitioner.id));
  test('the schema admits it', () => {
    expect(validateGpConnect(claims), JSON.stringify(validateGpConnect.errors)).toBe(true);
  });
  test('the order of the members is that of the published example, then ours', () => {
    const names =
      'iss sub aud exp iat reason_for_request requested_scope requesting_device requesting_organization ' +
      'requesting_practitioner client_id jti';
    expect(Object.keys(claims).join(' ')).toBe(names);
    expect(Object.keys(claims.requesting_device).join(' ')).toBe('resourceType identifier model version');
    expect(Object.keys(claims.requesting_organization).join(' ')).toBe('resourceType identifier name');
    expect(Object.keys(claims.requesting_practitioner).join(' ')).toBe('resourceType id identifier name');
    const reversed = Object.fromEntries(Object.entries(context).reverse()) as Context;
    expect(JSON.stringify(gpConnectClaims(reversed))).toBe(JSON.stringify(claims));
  });
  test('nothing of the context but what the tables name', () => {
    const more = {
      ...context,
      device: { ...device, id: 'x', url: 'https://fernhill.example.test' },
      organization: { ...context.organization, key: 'fernhill', asid: '200000990800' },
      practitioner: { ...priya, email: 'priya@example.test', local: [{ ...local, use: 'usual' }] },
    };
    expect(JSON.stringify(gpConnectClaims(more))).toBe(JSON.stringify(claims));
  });
});

test('without a smartcard: UNK in A and B, a real local id in C', () => {
  const practitioner = { ...priya, sdsUser: 'UNK', sdsRoleProfile: 'UNK', name: { family: 'Shah' } };
  const claims = gpConnectClaims({ ...context, practitioner });
  expect(claims.requesting_practitioner).toStrictEqual({
    resourceType: 'Practitioner',
    id: 'pr-priya',
    identifier: [{ ...a, value: 'UNK' }, { ...b, value: 'UNK' }, local],
    name: [{ family: 'Shah' }],
  });
  expect(validateGpConnect(claims)).toBe(true);
});

test.each([
  ['patient/*.read', 'patient/*.read'],
  ['patient/*.write', 'patient/*.write'],
  ['organization/*.read', 'organization/*.read'],
  ['organization/*.write', 'organization/*.write'],
  ['patient/*.read conf/N', 'patient/*.read conf/N'],
  ['conf/N patient/*.read', 'patient/*.read conf/N'],
])('requested_scope of %s: %s', (scope, expected) => {
  const claims = gpConnectClaims({ ...context, scope });
  expect(claims.requested_scope).toBe(expected);
  expect(validateGpConnect(claims)).toBe(true);
});

test.each(['patient/*.read conf/N', 'patient/*.read conf/R'])('migration with %s', (scope) => {
  const claims = gpConnectClaims({ ...context, reason: 'migration', scope });
  expect(claims).toMatchObject({ reason_for_request: 'migration', requested_scope: scope });
  expect(validateGpConnect(claims)).toBe(true);
});

describe('no token with a hole', () => {
  const withPractitioner = (change: object) => ({ practitioner: { ...priya, ...change } });
  const withDevice = (change: object) => ({ device: { ...device, ...change } });
  test.each<[string, object]>([
    ['no issuer', { issuer: '' }],
    ['a relative audience', { audience: '/structured' }],
    ['milliseconds', { issuedAt: 1767225600000 }],
    ['half a second', { issuedAt: 1767225600.5 }],
    ['no time', { issuedAt: Number.NaN }],
    ['no jti', { jti: '' }],
    ['no client', { clientId: '' }],
    ['no scope', { scope: '' }],
    ['a scope of another family', { scope: 'patient/*.read openid' }],
    ['a scope of Spine Core', { scope: 'user/Flag.read' }],
    ['two access values', { scope: 'patient/*.read organization/*.read' }],
    ['two confidentiality values', { scope: 'patient/*.read conf/N conf/R', reason: 'migration' }],
    ['conf/N alone', { scope: 'conf/N' }],
    ['conf/R for care', { scope: 'patient/*.read conf/R' }],
    ['migration without conf', { scope: 'patient/*.read', reason: 'migration' }],
    ['migration of an organisation', { scope: 'organization/*.read conf/N', reason: 'migration' }],
    ['a reason of Spine Core', { reason: 'secondaryuses' }],
    ['no device', { device: undefined }],
    ['a device without a model', withDevice({ model: '' })],
    ['a device without a version', withDevice({ version: '' })],
    ['a device without an id', withDevice({ identifier: { ...device.identifier, value: '' } })],
    ['a device without a system', withDevice({ identifier: { ...device.identifier, system: '' } })],
    ['an organisation without a name', { organization: { name: '', odsCode: 'ZZ800' } }],
    ['an organisation without an ODS code', { organization: { name: 'Fernhill', odsCode: '' } }],
    ['a lower-case ODS code', { organization: { name: 'Fernhill', odsCode: 'zz800' } }],
    ['a practitioner without an id', withPractitioner({ id: '' })],
    ['a practitioner with an id that is none', withPractitioner({ id: 'a b' })],
    ['a practitioner without a name', withPractitioner({ name: undefined })],
    ['a practitioner without a family name', withPractitioner({ name: { given: ['Priya'] } })],
    ['an empty family name', withPractitioner({ name: { family: '' } })],
    ['an empty list of given names', withPractitioner({ name: { family: 'Shah', given: [] } })],
    ['an empty SDS user', withPractitioner({ sdsUser: '' })],
    ['no SDS user', withPractitioner({ sdsUser: undefined })],
    ['a lower-case unk', withPractitioner({ sdsRoleProfile: 'unk' })],
    ['no local id', withPractitioner({ local: [] })],
    ['a national system for the local id', withPractitioner({ local: [a] })],
    ['a system user', withPractitioner({ name: { family: 'User', given: ['System'] } })],
    ['a group as local id', withPractitioner({ local: [{ ...local, value: 'reception' }] })],
    ['the client as practitioner', withPractitioner({ id: 'gp-clinic' })],
    ['the device as practitioner', withPractitioner({ local: [{ ...local, value: 'ward-app' }] })],
    ['the organisation as practitioner', withPractitioner({ name: { family: 'Fernhill Hospital' } })],
  ])('%s', (_name, change) => {
    expect(() => gpConnectClaims({ ...context, ...change } as Context)).toThrow(TypeError);
  });
});

const digits = fc.stringMatching(/^[0-9]{1,18}$/);
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const idText = fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/);
const systems = fc
  .oneof(
    fc.webUrl({ validSchemes: ['http', 'https'] }).map((url) => url.toLowerCase()),
    fc.constantFrom('urn:oid:2.16.840.1', 'http://localhost:8080/Id/user'),
  )
  .filter(isLocalSystem);
const contexts = fc
  .record({
    issuer: fc.webUrl({ validSchemes: ['http', 'https'] }),
    audience: fc.webUrl({ validSchemes: ['https'] }),
    issuedAt: fc.integer({ min: 1_500_000_000, max: 4_102_444_800 }),
    jti: fc.uuid(),
    clientId: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
    device: fc.record({
      identifier: fc.record({ system: systems, value: name }),
      model: name,
      version: name,
    }),
    organization: fc.record({ name, odsCode: fc.stringMatching(/^[A-Z0-9]{3,8}$/) }),
    practitioner: fc.record({
      id: idText,
      sdsUser: fc.oneof(digits, fc.constant('UNK')),
      sdsRoleProfile: fc.oneof(digits, fc.constant('UNK')),
      local: fc.array(fc.record({ system: systems, value: name }), { minLength: 1, maxLength: 8 }),
      name: fc.record(
        {
          family: name,
          given: fc.array(name, { minLength: 1, maxLength: 4 }),
          prefix: fc.array(name, { minLength: 1, maxLength: 2 }),
        },
        { requiredKeys: ['family'] },
      ),
    }),
    scope: fc.constantFrom(
      'patient/*.read',
      'patient/*.read conf/N',
      'conf/R patient/*.read',
      'organization/*.write',
    ),
    reason: fc.constantFrom(...reasons),
  })
  .map((made): Context => made);

test('whatever a context holds: a whole token that the schema admits, or a TypeError', () => {
  let tokens = 0;
  fc.assert(
    fc.property(contexts, (made) => {
      let claims: gpConnect.GpConnectClaims;
      try {
        claims = gpConnectClaims(made);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      tokens += 1;
      expect(validateGpConnect(claims), JSON.stringify(validateGpConnect.errors)).toBe(true);
      expect(claims.exp - claims.iat).toBe(lifetime);
      expect(claims.sub).toBe(claims.requesting_practitioner.id);
      expect(readPractitioner(claims.requesting_practitioner, [])).toEqual({
        practitioner: made.practitioner,
      });
      expect(JSON.stringify(gpConnectClaims(made))).toBe(JSON.stringify(claims));
    }),
    { numRuns: 1000 },
  );
  expect(tokens).toBeGreaterThan(50);
});

test('exp - iat is exactly 300 over 1,000 tokens', () => {
  for (let second = 0; second < 1000; second += 1) {
    const { exp, iat } = gpConnectClaims({ ...context, issuedAt: context.issuedAt + second });
    expect(exp - iat).toBe(300);
  }
});

describe('provenanceFault', () => {
  const whole = { device, organizationName: 'Fernhill Hospital', odsCode: 'ZZ800' };
  const malformed = 'the device of the client is malformed';
  test('nothing is missing', () => expect(provenanceFault(whole)).toBeUndefined());
  test.each<[string, object, string]>([
    ['no device', { device: undefined }, 'the client has no device'],
    ['no model', { device: { ...device, model: '' } }, malformed],
    ['a version with a control character', { device: { ...device, version: '3\u0000' } }, malformed],
    ['a model of 201 characters', { device: { ...device, model: 'x'.repeat(201) } }, malformed],
    ['no URI', { device: { ...device, identifier: { system: 'fernhill', value: '1' } } }, malformed],
    [
      'a national system',
      {
        device: { ...device, identifier: { system: 'https://fhir.nhs.uk/Id/accredited-system', value: '1' } },
      },
      malformed,
    ],
    ['no organisation', { organizationName: undefined }, 'the client has no organisation with a name'],
    ['a blank name', { organizationName: ' ' }, 'the name of the organisation is malformed'],
    ['no ODS code', { odsCode: undefined }, 'the organisation of the client has no ODS code'],
    ['a malformed ODS code', { odsCode: 'zz800' }, 'the ODS code of the organisation is malformed'],
    [
      'nothing at all',
      { device: undefined, organizationName: undefined, odsCode: undefined },
      'the client has no device; the client has no organisation with a name; ' +
        'the organisation of the client has no ODS code',
    ],
  ])('%s', (_name, change, fault) => {
    expect(provenanceFault({ ...whole, ...change })).toBe(fault);
    expect(fault).toMatch(sayable);
  });
});

describe('reasonFault', () => {
  const unknown = 'reason_for_request must be one of directcare, migration';
  const notHere = 'this reason_for_request is not allowed here';
  const practiceOnly = 'reason_for_request migration is only for a GP practice';
  const needs = 'reason_for_request migration needs patient/*.read and conf/N or conf/R';
  const restricted = 'conf/R is only for reason_for_request migration';
  const both = ['directcare', 'migration'];

  test.each<[reason: string, scope: string, isPractice: boolean, fault: string | undefined]>([
    ['directcare', 'patient/*.read', false, undefined],
    ['directcare', 'patient/*.read conf/N', false, undefined],
    ['directcare', 'organization/*.read conf/N', true, undefined],
    ['directcare', 'patient/*.read conf/R', true, restricted],
    ['directcare', 'conf/R patient/*.read', false, restricted],
    ['migration', 'patient/*.read conf/N', true, undefined],
    ['migration', 'patient/*.read conf/R', true, undefined],
    ['migration', 'openid patient/*.read conf/N offline_access', true, undefined],
    ['migration', 'patient/*.read conf/N', false, practiceOnly],
    ['migration', 'patient/*.read conf/R', false, practiceOnly],
    ['migration', 'patient/*.read', true, needs],
    ['migration', 'patient/*.write conf/N', true, needs],
    ['migration', 'organization/*.read conf/R', true, needs],
    ['migration', 'conf/N', true, needs],
    ['secondaryuses', 'patient/*.read', true, unknown],
    ['patientaccess', 'patient/*.read', true, unknown],
    ['DirectCare', 'patient/*.read', true, unknown],
    ['migration ', 'patient/*.read conf/N', true, unknown],
    ['"\u0000', 'patient/*.read', true, unknown],
    ['', 'patient/*.read', true, unknown],
  ])('%j with %s, a practice: %s', (reason, scope, isPractice, fault) => {
    const scopes = scope.split(' ');
    const allowedReasons = [...both, reason];
    expect(reasonFault({ reason, allowedReasons, scopes, isPractice })).toBe(fault);
    if (fault !== undefined) expect(fault).toMatch(sayable);
    if (both.includes(reason)) expect(migrationFault({ reason, scopes, isPractice })).toBe(fault);
  });

  test.each([
    ['migration', ['directcare']],
    ['directcare', []],
  ])('%s is not among those that the API allows', (reason, allowedReasons) => {
    const scopes = ['patient/*.read', 'conf/N'];
    expect(reasonFault({ reason, allowedReasons, scopes, isPractice: true })).toBe(notHere);
  });

  test('isReason knows the two', () => {
    expect([...reasons]).toEqual(both);
    expect(both.every(isReason)).toBe(true);
    expect(['secondaryuses', 'patientaccess', 'Directcare', ''].some(isReason)).toBe(false);
  });
});
