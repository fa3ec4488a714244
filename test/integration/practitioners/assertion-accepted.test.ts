import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { clinicalRole, drShah, gpConnect } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  type Asserter,
  about,
  asked,
  type Claims,
  registerAsserter,
  type Verified,
  verified,
} from './assertions.ts';

/** What a token says when a system signed its user in itself, claim by claim (spine-jwt.md section 3). */

let server: TestServer;
let reader: Asserter;

beforeAll(async () => {
  server = await startServer();
  reader = await registerAsserter(server, 'fernhill-records');
});

afterAll(() => server.close());

/** The token for Dr Shah's user context, for the API of the asserter. */
async function recordsToken(
  claims: Claims = {},
  change: Readonly<Record<string, string>> = {},
): Promise<Verified> {
  return verified(
    server,
    await send(server, asked(reader, await about(server, reader, claims), change)),
    gpConnect,
  );
}

const sdsUser = 'https://fhir.nhs.uk/Id/sds-user-id';
const sdsRoleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';

const identifiers = (user: string, role: string, ...local: object[]) => [
  { system: sdsUser, value: user },
  { system: sdsRoleProfile, value: role },
  ...local,
];
const localId = { system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' };

describe('a GP Connect token has', () => {
  let token: Verified;
  let asOf: number;

  beforeAll(async () => {
    asOf = Math.floor(Date.now() / 1000);
    token = await recordsToken();
  });

  test.for<[claim: string, value: () => unknown]>([
    ['iss', () => server.issuer],
    ['sub', () => 'pr-priya'],
    ['aud', () => gpConnect],
    ['reason_for_request', () => 'directcare'],
    ['requested_scope', () => 'patient/*.read conf/N'],
    [
      'requesting_device',
      () => ({
        resourceType: 'Device',
        identifier: [{ system: 'https://fernhill.example.test/Id/device', value: 'records-desk' }],
        model: 'Fernhill Records',
        version: '1.0',
      }),
    ],
    [
      'requesting_organization',
      () => ({
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
        name: 'Fernhill Hospital',
      }),
    ],
    [
      'requesting_practitioner',
      () => ({
        resourceType: 'Practitioner',
        id: 'pr-priya',
        identifier: identifiers('100000000101', clinicalRole, localId),
        name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
      }),
    ],
    ['client_id', () => 'fernhill-records'],
  ])('%s', ([claim, value]) => {
    expect(token.payload[claim]).toEqual(value());
  });

  test('iat now, as whole seconds, and exp 300 s later', () => {
    const { iat = 0, exp } = token.payload;
    expect(Number.isInteger(iat)).toBe(true);
    expect(iat).toBeGreaterThanOrEqual(asOf);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
    expect(exp).toBe(iat + 300);
  });

  test('a jti of its own, which is not that of the assertion', async () => {
    const jti = crypto.randomUUID();
    const [first, second] = [await recordsToken({ jti }), await recordsToken()];
    expect(first.payload.jti).toMatch(/^[\w-]{16,}$/);
    expect(new Set([first.payload.jti, second.payload.jti, jti]).size).toBe(3);
  });

  test('no other claim: no scope, no patient, nothing of Spine Core', () => {
    expect(Object.keys(token.payload).sort()).toEqual(
      [
        ...['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'client_id', 'reason_for_request', 'requested_scope'],
        ...['requesting_device', 'requesting_organization', 'requesting_practitioner'],
      ].sort(),
    );
  });

  test('the header of a token that a published key signed', () => {
    expect(token.protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  });

  test('beside it nothing but its type, its life and its scope', () => {
    const { access_token: _token, ...rest } = token.answer;
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'patient/*.read conf/N' });
  });
});

describe('a GP Connect token says', () => {
  const practitioner = (change: Readonly<Record<string, unknown>>) => ({
    requesting_practitioner: drShah(change),
  });
  const said = async (claims: Claims) => (await recordsToken(claims)).payload.requesting_practitioner;

  test('UNK twice and who it is at home, without a smartcard', async () => {
    const identifier = identifiers('UNK', 'UNK', localId);
    expect(await said(practitioner({ identifier }))).toEqual(drShah({ identifier }));
  });

  test('UNK for the role alone', async () => {
    const identifier = identifiers('100000000101', 'UNK', localId);
    expect(await said(practitioner({ identifier }))).toEqual(drShah({ identifier }));
  });

  test('an SDS user whom our directory does not know', async () => {
    const identifier = identifiers('100000000999', '100000000998', localId);
    const claims = {
      sub: 'dr-okafor',
      ...practitioner({ id: 'dr-okafor', identifier, name: [{ family: 'Okafor' }] }),
    };
    expect(await said(claims)).toEqual({
      resourceType: 'Practitioner',
      id: 'dr-okafor',
      identifier,
      name: [{ family: 'Okafor' }],
    });
  });

  test('all local identifiers, after the national ones, whatever order they came in', async () => {
    const guid = { system: 'urn:uuid:a7d1c2f0-4f4e-4c56-9d0e-5b1c8f2e6a11', value: '4711' };
    const [a, b] = identifiers('100000000101', clinicalRole);
    expect(await said(practitioner({ identifier: [guid, b, localId, a] }))).toEqual(
      drShah({ identifier: [a, b, guid, localId] }),
    );
  });

  test('the official one of several names, and of it what the profile has', async () => {
    const name = [
      { use: 'maiden', family: 'Patel', given: ['Priya'] },
      {
        use: 'official',
        family: 'Shah',
        given: ['Priya', 'Anjali'],
        prefix: ['Dr'],
        suffix: ['MRCGP'],
        text: 'x',
      },
    ];
    expect(await said(practitioner({ name }))).toEqual(
      drShah({ name: [{ family: 'Shah', given: ['Priya', 'Anjali'], prefix: ['Dr'] }] }),
    );
  });

  test('the organisation as it is registered, also where the assertion calls it otherwise', async () => {
    const { payload } = await recordsToken({
      requesting_organization: {
        resourceType: 'Organization',
        id: 'org-1',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
        name: 'Another Name',
      },
    });
    expect(payload.requesting_organization).toEqual({
      resourceType: 'Organization',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
      name: 'Fernhill Hospital',
    });
  });

  test('nothing that the assertion has beyond that', async () => {
    const { payload } = await recordsToken({
      requested_record: { resourceType: 'Patient' },
      requesting_device: { resourceType: 'Device', model: 'Another' },
      requested_scope: 'patient/*.write',
      scope: 'patient/*.write',
      client_id: 'gp-clinic',
      act: { sub: 'pr-rangi' },
      cnf: { jkt: 'x' },
    });
    expect(payload).toMatchObject({
      requested_scope: 'patient/*.read conf/N',
      client_id: 'fernhill-records',
      requesting_device: { model: 'Fernhill Records' },
    });
    for (const claim of ['requested_record', 'scope', 'act', 'cnf'])
      expect(payload).not.toHaveProperty(claim);
  });

  test('the access value before the confidentiality value', async () => {
    const { payload, answer } = await recordsToken({}, { scope: 'conf/N organization/*.read' });
    expect(payload.requested_scope).toBe('organization/*.read conf/N');
    expect(answer.scope).toBe('conf/N organization/*.read');
  });

  test('300 s also where the assertion had ten left', async () => {
    const now = Math.floor(Date.now() / 1000);
    const { payload } = await recordsToken({ iat: now - 50, exp: now + 10 });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
  });
});

test('a token is made for an assertion until ten seconds after its end, and not later', async () => {
  const now = Math.floor(Date.now() / 1000);
  const [early, late] = [
    asked(reader, await about(server, reader, { iat: now, exp: now + 60 })),
    asked(reader, await about(server, reader, { iat: now, exp: now + 60 })),
  ];
  try {
    shiftTime(60 + 5);
    expect(await send(server, early)).toMatchObject({ status: 200 });
    shiftTime(60 + 11);
    expect(await send(server, late)).toMatchObject({ status: 400 });
    // Nor when the memory of its jti may be gone.
    shiftTime(24 * 3600);
    expect(await send(server, early)).toMatchObject({ status: 400 });
  } finally {
    shiftTime(0);
  }
});
