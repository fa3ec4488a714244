import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNhsNumber } from '../../../src/tokens/index.ts';
import {
  isReason,
  lifetime,
  provenanceFault,
  reasonFault,
  reasons,
  type SpineCoreContext,
  spineCoreClaims,
} from '../../../src/tokens/spine-core.ts';
import { validate } from './validate.ts';

const base: SpineCoreContext = {
  issuer: 'http://localhost:3000',
  audience: 'https://spine.example.test/raflags/STU3',
  issuedAt: 1767225600,
  jti: 'b7e1',
  clientId: 'ward-app',
  asid: '200000990800',
  odsCode: 'ZZ800',
  reason: 'directcare',
  scope: 'user/Flag.read user/List.read',
};
const priya = { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: '100000000203' };

const common = {
  iss: 'http://localhost:3000',
  aud: 'https://spine.example.test/raflags/STU3',
  exp: 1767225900,
  iat: 1767225600,
  reason_for_request: 'directcare',
  scope: 'user/Flag.read user/List.read',
  requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
  requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  requested_scope: 'user/Flag.read user/List.read',
  client_id: 'ward-app',
  jti: 'b7e1',
};

describe('spineCoreClaims, claim by claim', () => {
  test('a practitioner', () => {
    const claims = spineCoreClaims({ ...base, user: priya });
    expect(claims).toStrictEqual({
      ...common,
      sub: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203',
      requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203',
    });
    expect(validate(claims)).toBe(true);
  });

  test('a patient', () => {
    const scope = 'patient/*.read';
    const claims = spineCoreClaims({ ...base, scope, reason: 'patientaccess', patient: '9990001014' });
    expect(claims).toStrictEqual({
      ...common,
      scope,
      requested_scope: scope,
      reason_for_request: 'patientaccess',
      sub: 'http://fhir.nhs.net/Id/nhs-number|9990001014',
      requesting_patient: 'http://fhir.nhs.net/Id/nhs-number|9990001014',
    });
    expect(validate(claims)).toBe(true);
  });

  test('an unattended system', () => {
    const scope = 'system/Flag.read';
    const claims = spineCoreClaims({ ...base, scope });
    expect(claims).toStrictEqual({
      ...common,
      scope,
      requested_scope: scope,
      sub: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
    });
    expect(validate(claims)).toBe(true);
  });

  test('a user comes before a patient', () => {
    const claims = spineCoreClaims({ ...base, user: priya, patient: '9990001014' });
    expect(claims.sub).toBe(claims.requesting_user);
    expect(claims.requesting_patient).toBe('http://fhir.nhs.net/Id/nhs-number|9990001014');
  });

  test('the order of the members is fixed, whatever that of the context', () => {
    const context = { patient: '9990001014', user: priya, ...base };
    const reversed = Object.fromEntries(Object.entries(context).reverse()) as SpineCoreContext;
    const names =
      'iss sub aud exp iat reason_for_request scope requesting_system requesting_organization ' +
      'requesting_user requesting_patient requested_scope client_id jti';
    expect(Object.keys(spineCoreClaims(context)).join(' ')).toBe(names);
    expect(JSON.stringify(spineCoreClaims(reversed))).toBe(JSON.stringify(spineCoreClaims(context)));
  });
});

describe('the claim table with a user, row by row', () => {
  const claims = spineCoreClaims({ ...base, user: priya });
  test.each<[claim: string, value: unknown]>([
    ['iss', 'http://localhost:3000'],
    ['sub', 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203'],
    ['aud', 'https://spine.example.test/raflags/STU3'],
    ['exp', 1767225900],
    ['iat', 1767225600],
    ['reason_for_request', 'directcare'],
    ['scope', 'user/Flag.read user/List.read'],
    ['requesting_system', 'https://fhir.nhs.uk/Id/accredited-system|200000990800'],
    ['requesting_organization', 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800'],
    ['requesting_user', 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203'],
    ['requesting_patient', undefined],
    ['requesting_device', undefined],
    ['requesting_practitioner', undefined],
  ])('%s', (claim, value) => expect(new Map(Object.entries(claims)).get(claim)).toBe(value));

  test('a user without a national role, under the local system, is the subject as well', () => {
    const user = { system: 'https://fernhill.example.test/Id/user', value: 'priya.shah' };
    const local = spineCoreClaims({ ...base, user });
    expect(local.requesting_user).toBe('https://fernhill.example.test/Id/user|priya.shah');
    expect(local.sub).toBe(local.requesting_user);
    expect(validate(local)).toBe(true);
  });

  test.each(['directcare', 'secondaryuses'] as const)('a user may ask for %s', (reason) => {
    const stated = spineCoreClaims({ ...base, user: priya, reason });
    expect(stated.reason_for_request).toBe(reason);
    expect(validate(stated)).toBe(true);
  });
});

describe('spineCoreClaims makes no token with a hole', () => {
  test.each<[string, Partial<SpineCoreContext>]>([
    ['no issuer', { issuer: '' }],
    ['a relative audience', { audience: '/raflags' }],
    ['an audience with a query', { audience: 'https://spine.example.test/raflags?x=1' }],
    ['milliseconds', { issuedAt: 1767225600000 }],
    ['half a second', { issuedAt: 1767225600.5 }],
    ['no time', { issuedAt: Number.NaN }],
    ['no jti', { jti: '' }],
    ['no client', { clientId: '' }],
    ['no ASID', { asid: '' }],
    ['letters in the ASID', { asid: '20000099080x' }],
    ['no ODS code', { odsCode: '' }],
    ['a lower-case ODS code', { odsCode: 'zz800' }],
    ['no scope', { scope: '' }],
    ['a scope of another family', { scope: 'user/Flag.read openid' }],
    ['two spaces between scopes', { scope: 'user/Flag.read  user/List.read' }],
    ['the system as user', { user: { system: 'https://fhir.nhs.uk/Id/accredited-system', value: '1' } }],
    ['a user without a value', { user: { ...priya, value: '' } }],
    ['a pipe in the user', { user: { system: 'https://fernhill.example/Id/user', value: 'a|b' } }],
    ['the SDS user id for the role', { user: { ...priya, system: 'https://fhir.nhs.uk/Id/sds-user-id' } }],
    ['UNK for the role', { user: { ...priya, value: 'UNK' } }],
    ['a group as user', { user: { system: 'https://fernhill.example/Id/user', value: 'reception' } }],
    ['the ASID as role', { user: { ...priya, value: '200000990800' } }],
    ['the client as user', { user: { system: 'https://fernhill.example/Id/user', value: 'Ward-App' } }],
    ['the organisation as user', { user: { system: 'https://fernhill.example/Id/user', value: 'ZZ800' } }],
    ['an empty patient', { patient: '' }],
    ['a short NHS number', { patient: '999000101' }],
    ['a wrong check digit', { patient: '9990001015' }],
    ['secondaryuses in another spelling', { reason: 'SecondaryUses' as 'secondaryuses' }],
    ['patientaccess without a patient', { reason: 'patientaccess' }],
    ['patientaccess by a user', { reason: 'patientaccess', user: priya, patient: '9990001014' }],
  ])('%s', (_name, change) => {
    expect(() => spineCoreClaims({ ...base, ...change })).toThrow(TypeError);
  });
});

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const nhsNumbers = fc
  .tuple(digits(9, 9), fc.constantFrom(...'0123456789'))
  .map((parts) => parts.join(''))
  .filter(isNhsNumber);
const scopes = fc
  .array(
    fc
      .tuple(
        fc.constantFrom('patient', 'user', 'system', 'organization'),
        fc.oneof(fc.constant('*'), fc.stringMatching(/^[A-Z][A-Za-z]{1,30}$/)),
        fc.constantFrom('read', 'write'),
      )
      .map(([context, resource, access]) => `${context}/${resource}.${access}`),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) => all.join(' '));
const users = fc.oneof(
  fc.record({ system: fc.constant(priya.system), value: digits(13, 18) }),
  fc.record({
    system: fc.oneof(
      fc.webUrl({ validSchemes: ['http', 'https'] }).map((url) => url.toLowerCase()),
      fc.constantFrom('urn:oid:2.16.840.1', 'http://localhost:8080/Id/user'),
    ),
    value: fc.stringMatching(/^[!-?A-{}-~]{1,40}_[0-9]$/),
  }),
);

const contexts = fc
  .record(
    {
      issuer: fc.webUrl({ validSchemes: ['http', 'https'] }),
      audience: fc.webUrl({ validSchemes: ['https'] }),
      issuedAt: fc.integer({ min: 1_500_000_000, max: 4_102_444_800 }),
      jti: fc.uuid(),
      clientId: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
      asid: digits(1, 12),
      odsCode: fc.stringMatching(/^[A-Z0-9]{3,8}$/),
      reason: fc.constantFrom(...reasons),
      scope: scopes,
      user: users,
      patient: nhsNumbers,
    },
    {
      requiredKeys: [
        'issuer',
        'audience',
        'issuedAt',
        'jti',
        'clientId',
        'asid',
        'odsCode',
        'reason',
        'scope',
      ],
    },
  )
  .map((context): SpineCoreContext => {
    const asksInPerson = context.patient !== undefined && context.user === undefined;
    return context.reason === 'patientaccess' && !asksInPerson
      ? { ...context, reason: 'directcare' }
      : context;
  });

test('for every context: 300 seconds, a subject among the askers, no hole, admitted by the schema', () => {
  fc.assert(
    fc.property(contexts, (context) => {
      const claims = spineCoreClaims(context);
      expect(claims.exp - claims.iat).toBe(lifetime);
      expect([claims.requesting_user, claims.requesting_patient, claims.requesting_system]).toContain(
        claims.sub,
      );
      expect(Object.values(claims)).not.toContain(undefined);
      expect(claims.requested_scope).toBe(claims.scope);
      expect(validate(claims), JSON.stringify(validate.errors)).toBe(true);
      expect(spineCoreClaims(context)).toStrictEqual(claims);
    }),
    { numRuns: 500 },
  );
});

test('whatever a context holds: a token that the schema admits, or none', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('|', ' ', '\n', '\u0000', 'https://a.example/|x', 'zz800'),
  );
  const wild = fc
    .tuple(
      contexts,
      fc.constantFrom('issuer', 'audience', 'jti', 'clientId', 'asid', 'odsCode', 'scope', 'patient'),
      text,
    )
    .map(([context, name, value]) => ({ ...context, [name]: value }));
  fc.assert(
    fc.property(wild, (context) => {
      try {
        return validate(spineCoreClaims(context));
      } catch (error) {
        return error instanceof TypeError;
      }
    }),
    { numRuns: 500 },
  );
});

describe('provenanceFault', () => {
  test.each([
    ['200000990800', 'ZZ800', undefined],
    [undefined, 'ZZ800', 'the client has no accredited system identifier (ASID)'],
    ['', 'ZZ800', 'the client has no accredited system identifier (ASID)'],
    ['2000x', 'ZZ800', 'the ASID of the client is malformed'],
    ['200000990800', undefined, 'the organisation of the client has no ODS code'],
    ['200000990800', 'zz800', 'the ODS code of the organisation is malformed'],
    [
      undefined,
      undefined,
      'the client has no accredited system identifier (ASID); the organisation of the client has no ODS code',
    ],
  ])('%s and %s: %s', (asid, odsCode, expected) => {
    expect(provenanceFault({ asid, odsCode })).toBe(expected);
  });
});

describe('reasonFault', () => {
  test.each<[string, string[], boolean, boolean]>([
    ['directcare', ['directcare'], false, true],
    ['directcare', ['directcare'], true, true],
    ['secondaryuses', ['directcare', 'secondaryuses'], false, true],
    ['patientaccess', ['patientaccess'], true, true],
    ['patientaccess', ['patientaccess'], false, false],
    ['patientaccess', ['directcare'], true, false],
    ['secondaryuses', ['directcare'], false, false],
    ['directcare', [], false, false],
    ['migration', ['migration'], false, false],
    ['DirectCare', ['directcare', 'DirectCare'], false, false],
    ['directcare ', ['directcare'], false, false],
    ['', ['directcare'], false, false],
    ['"\u0000', ['directcare'], false, false],
  ])('%j among %j, patient %s: allowed %s', (reason, allowedReasons, hasPatient, allowed) => {
    const fault = reasonFault({ reason, allowedReasons, hasPatient });
    if (allowed) expect(fault).toBeUndefined();
    else expect(fault).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]{10,}$/);
  });

  test('isReason knows the three', () => {
    expect([...reasons].every(isReason)).toBe(true);
    expect(isReason('migration')).toBe(false);
  });
});
