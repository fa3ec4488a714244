import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credentials } from '../../support/exchange.ts';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { introspect, type TokenAnswer } from '../../support/visitor.ts';
import {
  backEnd,
  createProofKey,
  type ProofKey,
  prove,
  registerClients,
  request,
  strictBackEnd,
} from './proof.ts';

/** Tokens of systems that are bound to a key (RFC 9449 sections 5 and 6). */

let server: TestServer;
let key: ProofKey;
let fhir: string;

beforeAll(async () => {
  server = await startServer();
  fhir = `${server.issuer}/demo/fhir/r4`;
  key = await createProofKey();
  await registerClients(server);
});

afterAll(() => server.close());

const forSpine = {
  grant_type: 'client_credentials',
  scope: 'system/Flag.read',
  resource: 'https://spine.example.test/raflags/STU3',
};
const forAdmin = () => ({
  grant_type: 'client_credentials',
  scope: 'admin.read',
  resource: `${server.issuer}/api/admin/v1`,
});
const forFhir = () => ({ grant_type: 'client_credentials', scope: 'system/Patient.rs', resource: fhir });

async function bound(
  parameters: Readonly<Record<string, string>>,
  client: Credentials = backEnd,
  by: ProofKey = key,
): Promise<TokenAnswer> {
  const answer = await prove(server, by, parameters, client);
  expect(answer).toMatchObject({ status: 200 });
  return JSON.parse(answer.body) as TokenAnswer;
}

describe('a token that was asked for with a proof', () => {
  test.for([
    ['of the profile spine-core', () => forSpine],
    ['of no profile', forAdmin],
  ] as const)('%s names the key and its own type', async ([, parameters]) => {
    const { token_type: type, access_token: token } = await bound(parameters());
    expect(type).toBe('DPoP');
    expect(decodeJwt(token).cnf).toEqual({ jkt: key.thumbprint });
  });

  test('has the other claims of its profile all the same', async () => {
    const plain = await send(server, request(forSpine, backEnd));
    const { cnf: _cnf, ...claims } = decodeJwt((await bound(forSpine)).access_token);
    const others = decodeJwt((JSON.parse(plain.body) as TokenAnswer).access_token);
    expect(Object.keys(claims).toSorted()).toEqual(Object.keys(others).toSorted());
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
  });

  test.for(['ES256', 'ES384', 'EdDSA', 'Ed25519'])('may be asked for with a key of %s', async (alg) => {
    const other = await createProofKey(alg);
    const { access_token: token } = await bound(forAdmin(), backEnd, other);
    expect(decodeJwt(token).cnf).toEqual({ jkt: other.thumbprint });
  });

  test('tells the resource server by introspection, where it is opaque', async () => {
    const { token_type: type, access_token: token } = await bound(forFhir());
    expect(type).toBe('DPoP');
    expect(await introspect(server, token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: key.thumbprint },
      client_id: backEnd[0],
    });
  });

  test('is in the audit as any other', async () => {
    const { access_token: token } = await bound(forAdmin());
    const rows = await server.sql('SELECT type, client_id FROM audit_events WHERE token_id = $1', [
      String(decodeJwt(token).jti),
    ]);
    expect(rows).toEqual([{ type: 'token.issued', client_id: backEnd[0] }]);
  });
});

describe('a token that was asked for without a proof', () => {
  test.for([
    ['no header', undefined],
    ['an empty one', ''],
  ] as const)('(%s) is a bearer token', async ([, dpop]) => {
    const answer = await send(server, request(forAdmin(), backEnd, dpop));
    const { token_type: type, access_token: token } = JSON.parse(answer.body) as TokenAnswer;
    expect(type).toBe('Bearer');
    expect(decodeJwt(token)).not.toHaveProperty('cnf');
  });

  test('is refused to a client that demands bound ones, and the audit says so', async () => {
    const answer = await send(server, request(forAdmin(), strictBackEnd));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_grant' });
    const rows = await server.sql(
      'SELECT type, error FROM audit_events WHERE client_id = $1 AND type <> $2',
      [strictBackEnd[0], 'client.created'],
    );
    expect(rows).toEqual([{ type: 'token.denied', error: 'invalid_grant' }]);
  });
});

test('a client that demands bound tokens gets them', async () => {
  const { token_type: type } = await bound(forAdmin(), strictBackEnd);
  expect(type).toBe('DPoP');
});

describe('the FHIR server of the demonstration, which knows no proofs,', () => {
  const read = (authorization: string, headers: Record<string, string> = {}) =>
    fetch(`${fhir}/Patient`, { headers: { Authorization: authorization, ...headers } });

  test('takes a bearer token', async () => {
    const answer = await send(server, request(forFhir(), backEnd));
    const { access_token: token } = JSON.parse(answer.body) as TokenAnswer;
    expect((await read(`Bearer ${token}`)).status).toBe(200);
  });

  test('refuses a bound one as bearer token: its holder proves nothing (RFC 9449 section 7.2)', async () => {
    const { access_token: token } = await bound(forFhir());
    const answer = await read(`Bearer ${token}`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${fhir}", error="invalid_token"`);
  });

  test('refuses a bound one as what it is, and says what it takes', async () => {
    const { access_token: token } = await bound(forFhir());
    const answer = await read(`DPoP ${token}`, { DPoP: 'x.y.z' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${fhir}"`);
  });
});

describe('a client library that knows proofs', () => {
  test('openid-client gets a bound token', async () => {
    const configuration = await openid.discovery(
      new URL(server.issuer),
      backEnd[0],
      undefined,
      openid.ClientSecretBasic(backEnd[1] ?? ''),
      { execute: [openid.allowInsecureRequests] },
    );
    const pair = await openid.randomDPoPKeyPair('ES384');
    const handle = openid.getDPoPHandle(configuration, pair);
    const { scope, resource } = forAdmin();
    const tokens = await openid.clientCredentialsGrant(configuration, { scope, resource }, { DPoP: handle });
    expect(tokens.token_type).toBe('dpop');
    expect(decodeJwt(tokens.access_token).cnf).toEqual({ jkt: await handle.calculateThumbprint() });
  });

  test('oauth4webapi gets a bound token', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(server.issuer);
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    const authorizationServer = await oauth.processDiscoveryResponse(issuer, discovered);
    const client = { client_id: backEnd[0] };
    const handle = oauth.DPoP({}, await oauth.generateKeyPair('EdDSA'));
    const { scope, resource } = forAdmin();
    const response = await oauth.clientCredentialsGrantRequest(
      authorizationServer,
      client,
      oauth.ClientSecretBasic(backEnd[1] ?? ''),
      { scope, resource },
      { ...insecure, DPoP: handle },
    );
    const tokens = await oauth.processClientCredentialsResponse(authorizationServer, client, response);
    expect(tokens.token_type).toBe('dpop');
    expect(decodeJwt(tokens.access_token).cnf).toEqual({ jkt: await handle.calculateThumbprint() });
  });
});

test.for(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
  '%s names the algorithms of proofs',
  async (path) => {
    const answer = await send(server, { method: 'GET', path });
    expect(JSON.parse(answer.body)).toMatchObject({
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519'],
    });
  },
);
