import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { tally } from '../token-endpoint/refusals.ts';

/** Each client of the demo world tries each grant that there is, and those that must not be: what it was not given, it does not get. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const offered = ['authorization_code', 'refresh_token', 'client_credentials', jwtBearer];

const never = [
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:openid:params:grant-type:ciba',
  'AUTHORIZATION_CODE',
  ' client_credentials',
  'client_credentials,password',
  'none',
];

/** How a client of the demo world proves who it is; a public one only says its name. */
const clients = {
  'clinic-backend': 'secret',
  'clinic-jwt': 'key',
  'gp-clinic': 'key',
  'ward-app': 'secret',
  'kete-web': 'secret',
  'kete-spa': 'name',
  'demo-fhir-server': 'secret',
  'admin-cli': 'secret',
} as const;

async function ask(clientId: keyof typeof clients, grantType: string) {
  const parameters = {
    grant_type: grantType,
    scope: 'openid offline_access',
    username: 'aroha@example.test',
    password: 'kereru sings at dawn',
    code: 'x',
    code_verifier: 'v'.repeat(43),
    redirect_uri: 'http://127.0.0.1:8090/cb',
    refresh_token: 'x',
    assertion: 'a.b.c',
    device_code: 'x',
    auth_req_id: 'x',
    subject_token: 'x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  };
  const proof = clients[clientId];
  if (proof === 'secret') return send(server, form(parameters, basic(clientId, `demo-secret-${clientId}`)));
  if (proof === 'name') return send(server, form({ ...parameters, client_id: clientId }));
  const jwt = await assertion(demoKey(server, clientId), clientId, server.issuer);
  return send(server, form({ ...parameters, ...assertionForm(jwt) }));
}

describe.for(Object.keys(clients) as (keyof typeof clients)[])('TK-04 %s', (clientId) => {
  test.for(never)('gets nothing by the grant "%s": there is no such grant', async (grantType) => {
    const { issued } = await tally(server);
    const { status, headers, body } = await ask(clientId, grantType);
    expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 400, error: 'unsupported_grant_type' });
    expect(headers['cache-control']).toBe('no-store');
    expect((await tally(server)).issued).toBe(issued);
  });

  test('gets nothing by a grant that it was not given', async () => {
    const client = await server.services.registry.find(clientId);
    const own = (client?.metadata.grant_types ?? []) as readonly string[];
    const foreign = offered.filter((grantType) => !own.includes(grantType));
    expect(foreign.length).toBeGreaterThan(0);
    const { issued } = await tally(server);
    for (const grantType of foreign) {
      const { status, body } = await ask(clientId, grantType);
      // A name is no proof: of a public client nothing is said but that the request is no good.
      const error =
        clients[clientId] === 'name' ? /^(unauthorized_client|invalid_request)$/ : /^unauthorized_client$/;
      expect({ grantType, status, error: JSON.parse(body).error }).toEqual({
        grantType,
        status: 400,
        error: expect.stringMatching(error),
      });
    }
    expect((await tally(server)).issued).toBe(issued);
  });
});

test('TK-04 discovery names the grants that there are, and no other', async () => {
  const response = await fetch(`${server.issuer}/.well-known/openid-configuration`);
  const { grant_types_supported: named } = (await response.json()) as { grant_types_supported: string[] };
  expect(named.toSorted()).toEqual(offered.toSorted());
});
