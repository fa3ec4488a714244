import { type CryptoKey, createRemoteJWKSet, type JWK, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoKey } from '../../support/assertion.ts';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/**
 * Independent client libraries obtain tokens from nothing but the issuer's name. Both refuse http by
 * themselves, so each is told by its documented option that this is a test.
 */

let server: TestServer;

const scope = 'system/Flag.read';
const clinic = { id: 'clinic-backend', secret: 'demo-secret-clinic-backend' };

/** Every character that form-encoding has to touch (RFC 6749 section 2.3.1), in both halves of Basic. */
const awkward = { id: 'urn:fernhill~ward:4/a@b', secret: "p%41ss+word ~:&=#?/'(!)*%zz" };

beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: awkward.id,
    client_secret: awkward.secret,
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    apis: { 'reasonable-adjustments': scope },
  });
});

afterAll(() => server.close());

/** The key of the clinic, as a library takes it: a WebCrypto key and its kid. */
async function clinicKey(): Promise<{ key: CryptoKey; kid: string }> {
  const jwk: JWK = demoKey(server, 'clinic-jwt');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
  const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']);
  return { key, kid: String(jwk.kid) };
}

async function expectGoodToken(token: string, clientId: string, jwksUri: string): Promise<void> {
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), {
    issuer: server.issuer,
    audience: 'https://spine.example.test/raflags/STU3',
    typ: 'at+jwt',
    algorithms: ['ES256'],
  });
  expect(protectedHeader.kid).toEqual(expect.any(String));
  expect(payload).toMatchObject({ client_id: clientId, scope });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
}

describe('openid-client', () => {
  async function obtain(clientId: string, authentication: openid.ClientAuth): Promise<void> {
    const configuration = await openid.discovery(
      new URL(server.issuer),
      clientId,
      undefined,
      authentication,
      { execute: [openid.allowInsecureRequests] },
    );
    const tokens = await openid.clientCredentialsGrant(configuration, { scope });
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope });
    expect(tokens.refresh_token).toBeUndefined();
    expect(tokens.id_token).toBeUndefined();
    const { jwks_uri = '' } = configuration.serverMetadata();
    await expectGoodToken(tokens.access_token, clientId, jwks_uri);
  }

  test('with a secret', () => obtain(clinic.id, openid.ClientSecretBasic(clinic.secret)));

  test('with an id and a secret that need form-encoding', () =>
    obtain(awkward.id, openid.ClientSecretBasic(awkward.secret)));

  test('with a key', async () => obtain('clinic-jwt', openid.PrivateKeyJwt(await clinicKey())));

  test('hears in its own words that the secret is wrong', async () => {
    const wrong = obtain(clinic.id, openid.ClientSecretBasic('wrong'));
    await expect(wrong).rejects.toMatchObject({ name: 'WWWAuthenticateChallengeError', status: 401 });
  });

  test('hears in its own words that the scope is refused', async () => {
    const configuration = await openid.discovery(
      new URL(server.issuer),
      clinic.id,
      undefined,
      openid.ClientSecretBasic(clinic.secret),
      { execute: [openid.allowInsecureRequests] },
    );
    const refused = openid.clientCredentialsGrant(configuration, { scope: 'user/Flag.read' });
    await expect(refused).rejects.toMatchObject({ error: 'invalid_scope', status: 400 });
  });
});

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true };

  async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(server.issuer);
    const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
    return oauth.processDiscoveryResponse(issuer, response);
  }

  async function obtain(
    clientId: string,
    authentication: oauth.ClientAuth,
    algorithm: 'oidc' | 'oauth2' = 'oauth2',
  ): Promise<void> {
    const authorizationServer = await discover(algorithm);
    const client: oauth.Client = { client_id: clientId };
    const response = await oauth.clientCredentialsGrantRequest(
      authorizationServer,
      client,
      authentication,
      { scope },
      insecure,
    );
    const tokens = await oauth.processClientCredentialsResponse(authorizationServer, client, response);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope });
    await expectGoodToken(tokens.access_token, clientId, authorizationServer.jwks_uri ?? '');
  }

  test('with a secret', () => obtain(clinic.id, oauth.ClientSecretBasic(clinic.secret)));

  test('with a secret, from the OpenID document', () =>
    obtain(clinic.id, oauth.ClientSecretBasic(clinic.secret), 'oidc'));

  test('with an id and a secret that need form-encoding', () =>
    obtain(awkward.id, oauth.ClientSecretBasic(awkward.secret)));

  test('with a key', async () => obtain('clinic-jwt', oauth.PrivateKeyJwt(await clinicKey())));

  test('hears in its own words that the secret is wrong', async () => {
    const wrong = obtain(clinic.id, oauth.ClientSecretBasic('wrong'));
    await expect(wrong).rejects.toMatchObject({ name: 'WWWAuthenticateChallengeError', status: 401 });
  });

  test('hears in its own words that the key is wrong', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
    const { privateKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const wrong = obtain('clinic-jwt', oauth.PrivateKeyJwt(privateKey));
    await expect(wrong).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
  });
});
