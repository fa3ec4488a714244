import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adjustments,
  assertUser,
  clinicalRole,
  clinicTokens,
  drShah,
  gpConnect,
  userContext,
  wardTokens,
} from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** Dr Priya Shah asks for the hospital in which she works: three ways to a token that says so. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function payloadOf(token: string): Promise<Record<string, unknown>> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`));
  const { payload } = await jwtVerify(token, keys, { issuer: server.issuer });
  return payload;
}

const common = () => ({
  iss: server.issuer,
  iat: expect.any(Number),
  exp: expect.any(Number),
  jti: expect.any(String),
  reason_for_request: 'directcare',
});

const gpConnectClaims = (clientId: string, practitioner: unknown) => ({
  ...common(),
  sub: 'pr-priya',
  aud: gpConnect,
  requested_scope: 'patient/*.read conf/N',
  requesting_device: {
    resourceType: 'Device',
    identifier: [{ system: 'https://fernhill.example.test/Id/device', value: 'ward-app' }],
    model: 'Fernhill Ward App',
    version: '3.4.1',
  },
  requesting_organization: {
    resourceType: 'Organization',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
    name: 'Fernhill Hospital',
  },
  requesting_practitioner: practitioner,
  client_id: clientId,
});

describe('Dr Shah', () => {
  test('at the ward, in the role that she chose', async () => {
    const answer = await wardTokens(server);
    expect(answer.scope.split(' ').sort()).toEqual([
      'offline_access',
      'openid',
      'user/Flag.read',
      'user/Flag.write',
    ]);
    const user = `https://fhir.nhs.uk/Id/sds-role-profile-id|${clinicalRole}`;
    expect(await payloadOf(answer.access_token)).toEqual({
      ...common(),
      sub: user,
      aud: adjustments,
      scope: 'user/Flag.read user/Flag.write',
      requested_scope: 'user/Flag.read user/Flag.write',
      requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
      requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
      requesting_user: user,
      client_id: 'ward-app',
    });
  });

  test('whom the hospital’s own system signed in', async () => {
    const answer = await assertUser(server, await userContext(server));
    expect(answer.body).toContain('access_token');
    const { access_token: token, ...rest } = JSON.parse(answer.body);
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'patient/*.read conf/N' });
    expect(await payloadOf(token)).toEqual(gpConnectClaims('gp-clinic', drShah()));
  });

  test('who signs in here for a GP’s record', async () => {
    const answer = await clinicTokens(server);
    const identifier = (drShah().identifier as object[]).slice(0, 2);
    const local = { system: `${server.issuer}/Id/practitioner`, value: 'pr-priya' };
    expect(await payloadOf(answer.access_token)).toEqual(
      gpConnectClaims('gp-clinic', drShah({ identifier: [...identifier, local] })),
    );
    expect(answer.refresh_token).toBeDefined();
  });
});
