import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../support/assertion.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const scope = 'system/Flag.read';
const grant = { grant_type: 'client_credentials', scope };

async function payloadOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.status).toBe(200);
  const { access_token } = (await response.json()) as { access_token: string };
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, {
    issuer: server.issuer,
    typ: 'at+jwt',
  });
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  return payload;
}

const system = 'https://fhir.nhs.uk/Id/accredited-system|200000990800';

function expectedClaims(clientId: string): Record<string, unknown> {
  return {
    iss: server.issuer,
    sub: system,
    aud: 'https://spine.example.test/raflags/STU3',
    iat: expect.any(Number),
    exp: expect.any(Number),
    reason_for_request: 'directcare',
    scope,
    requested_scope: scope,
    requesting_system: system,
    requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
    client_id: clientId,
    jti: expect.any(String),
  };
}

describe('the first token', () => {
  test('with a secret: exactly the claims of the Spine Core table, 300 seconds, verifiable against /jwks', async () => {
    const payload = await payloadOf(
      await server.token(grant, ['clinic-backend', 'demo-secret-clinic-backend']),
    );
    expect(payload).toEqual(expectedClaims('clinic-backend'));
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
  });

  test('with private_key_jwt', async () => {
    const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const payload = await payloadOf(await server.token({ ...grant, ...assertionForm(jwt) }));
    expect(payload).toEqual(expectedClaims('clinic-jwt'));
  });

  test('leaves exactly one audit row with its jti', async () => {
    const { jti } = await payloadOf(
      await server.token(grant, ['clinic-backend', 'demo-secret-clinic-backend']),
    );
    const rows = await server.sql(
      'SELECT type, client_id, organization, api_id, grant_type, scope, subject FROM audit_events WHERE token_id = $1',
      [jti],
    );
    expect(rows).toEqual([
      {
        type: 'token.issued',
        client_id: 'clinic-backend',
        organization: 'fernhill',
        api_id: 'reasonable-adjustments',
        grant_type: 'client_credentials',
        scope,
        subject: system,
      },
    ]);
  });
});
