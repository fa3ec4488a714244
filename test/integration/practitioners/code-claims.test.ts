import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { renew } from '../../support/exchange.ts';
import {
  adjustments,
  clinicalRole,
  clinicRequest,
  clinicTokens,
  gpConnect,
  healthRole,
  wardApp,
  wardTokens,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { putShah } from './surgery.ts';

/** Tokens of the code flow, claim by claim (spine-jwt.md sections 3.1 to 3.4, 4 and 5.1). */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => putShah(server));
afterAll(() => server.close());

async function verified({ access_token: token }: TokenAnswer) {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`));
  const { payload } = await jwtVerify(token, keys, { issuer: server.issuer, algorithms: ['ES256'] });
  return payload as Record<string, unknown> & { iat: number; exp: number };
}

async function renewed({ refresh_token: token }: TokenAnswer): Promise<TokenAnswer> {
  const answer = await clinicRequest(server, { grant_type: 'refresh_token', refresh_token: token ?? '' });
  if (answer.status !== 200) throw new Error(answer.body);
  return JSON.parse(answer.body) as TokenAnswer;
}

const systems = {
  sdsUser: 'https://fhir.nhs.uk/Id/sds-user-id',
  roleProfile: 'https://fhir.nhs.uk/Id/sds-role-profile-id',
  ods: 'https://fhir.nhs.uk/Id/ods-organization-code',
};

/** Dr Shah as a GP Connect token names her. */
const practitioner = (sdsUser: string, roleProfile: string, name: object = {}) => ({
  resourceType: 'Practitioner',
  id: 'pr-priya',
  identifier: [
    { system: systems.sdsUser, value: sdsUser },
    { system: systems.roleProfile, value: roleProfile },
    { system: `${server.issuer}/Id/practitioner`, value: 'pr-priya' },
  ],
  name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'], ...name }],
});

/** Expects what section 3 says, and nothing else. */
async function expectGpConnect(tokens: TokenAnswer, who: object): Promise<void> {
  const claims = await verified(tokens);
  expect(claims).toEqual({
    iss: server.issuer,
    sub: 'pr-priya',
    aud: gpConnect,
    iat: expect.any(Number),
    exp: claims.iat + 300,
    reason_for_request: 'directcare',
    requested_scope: 'patient/*.read conf/N',
    requesting_device: {
      resourceType: 'Device',
      identifier: [{ system: 'https://fernhill.example.test/Id/device', value: 'ward-app' }],
      model: 'Fernhill Ward App',
      version: '3.4.1',
    },
    requesting_organization: {
      resourceType: 'Organization',
      identifier: [{ system: systems.ods, value: 'ZZ800' }],
      name: 'Fernhill Hospital',
    },
    requesting_practitioner: who,
    client_id: 'gp-clinic',
    jti: expect.stringMatching(/^[A-Za-z0-9_-]{20,}\.\d+~[123]~[0-9a-z]{6}~[A-Za-z0-9_-]{20,}$/),
  });
}

/** Expects what sections 4 and 5.1 say, and nothing else. */
async function expectSpineCore(tokens: TokenAnswer, user: string): Promise<void> {
  const claims = await verified(tokens);
  expect(claims).toEqual({
    iss: server.issuer,
    sub: user,
    aud: adjustments,
    iat: expect.any(Number),
    exp: claims.iat + 300,
    reason_for_request: 'directcare',
    scope: 'user/Flag.read user/Flag.write',
    requested_scope: 'user/Flag.read user/Flag.write',
    requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
    requesting_organization: `${systems.ods}|ZZ800`,
    requesting_user: user,
    client_id: 'ward-app',
    jti: expect.stringMatching(/^[A-Za-z0-9_-]{20,}\.\d+~[123]~[0-9a-z]{6}~[A-Za-z0-9_-]{20,}$/),
  });
}

describe('gp-clinic', () => {
  test.for([clinicalRole, healthRole])('in role %s, and the same after a refresh', async (role) => {
    const first = await clinicTokens(server, { role });
    const who = practitioner('100000000101', role);
    await expectGpConnect(first, who);
    const second = await renewed(first);
    await expectGpConnect(second, who);
    const [one, two] = [await verified(first), await verified(second)];
    expect(one.jti).not.toBe(two.jti);
    expect(decodeProtectedHeader(first.access_token)).toMatchObject({
      alg: 'ES256',
      kid: expect.any(String),
    });
  });

  test.for<[string, string | undefined, string | undefined]>([
    ['no smartcard at all', undefined, undefined],
    ['no SDS user id', undefined, clinicalRole],
    ['no national role', '100000000101', undefined],
  ])('%s: UNK where nothing is known, and the local id beside it', async ([, sdsUser, roleProfile]) => {
    const clinical = { id: `priya-fernhill-${roleProfile ?? 'local'}`, roleProfile };
    await putShah(server, { clinical, professional: undefined }, { sdsUser });
    const who = practitioner(sdsUser ?? 'UNK', roleProfile ?? 'UNK');
    const first = await clinicTokens(server);
    await expectGpConnect(first, who);
    await expectGpConnect(await renewed(first), who);
  });

  test.for<[string, object, object]>([
    [
      'macrons',
      { family: 'Pōtae', given: ['Wīremu', 'Tāne'], prefix: [] },
      { family: 'Pōtae', given: ['Wīremu', 'Tāne'], prefix: undefined },
    ],
    ['a hyphen and an apostrophe', { family: "O’Brien-Mc'Intyre" }, { family: "O’Brien-Mc'Intyre" }],
    ['a family name alone', { given: [], prefix: [] }, { given: undefined, prefix: undefined }],
    ['several prefixes', { prefix: ['Prof', 'Dr'] }, { prefix: ['Prof', 'Dr'] }],
  ])('names with %s', async ([, names, expected]) => {
    await putShah(server, {}, names);
    const who = JSON.parse(JSON.stringify(practitioner('100000000101', clinicalRole, expected)));
    const first = await clinicTokens(server);
    await expectGpConnect(first, who);
    await expectGpConnect(await renewed(first), who);
  });

  test('what changes about her is in the next token', async () => {
    const first = await clinicTokens(server);
    await putShah(server, {}, { family: 'Shah-Pōtae' });
    const who = practitioner('100000000101', clinicalRole, { family: 'Shah-Pōtae' });
    await expectGpConnect(await renewed(first), who);
  });
});

describe('ward-app', () => {
  test.for([clinicalRole, healthRole])('in role %s, and the same after a refresh', async (role) => {
    const first = await wardTokens(server, { role });
    await expectSpineCore(first, `${systems.roleProfile}|${role}`);
    await expectSpineCore(await renew(server, first, wardApp), `${systems.roleProfile}|${role}`);
  });

  test('without a national role: our own id of the role, refreshed, too', async () => {
    const clinical = { id: 'priya-fernhill-local', roleProfile: undefined };
    await putShah(server, { clinical, professional: undefined }, { sdsUser: undefined });
    const user = `${server.issuer}/Id/practitioner-role|priya-fernhill-local`;
    const first = await wardTokens(server);
    await expectSpineCore(first, user);
    await expectSpineCore(await renew(server, first, wardApp), user);
  });
});

test('a role without a national id is offered on the page without one', async () => {
  await putShah(server, { professional: { id: 'priya-fernhill-local', roleProfile: undefined } });
  const tokens = await wardTokens(server, { role: clinicalRole });
  await expectSpineCore(tokens, `${systems.roleProfile}|${clinicalRole}`);
});
