import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor } from '../../support/visitor.ts';
import { expectAsked } from './answers.ts';
import { addressOf } from './pushing.ts';

/** A client that proves with a key who it is, at the endpoint for pushed requests (RFC 9126 section 2, RFC 7523). */

const clientId = 'key-diary';

let server: TestServer;
let issuer: string;
let key: JWK;
let strangersKey: JWK;

const asJwk = async (privateKey: CryptoKey): Promise<JWK> => ({
  ...(await exportJWK(privateKey)),
  alg: 'ES384',
  kid: 'diary-2026',
});

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const [own, other] = await Promise.all([1, 2].map(() => generateKeyPair('ES384', { extractable: true })));
  if (own === undefined || other === undefined) throw new Error('no keys');
  key = await asJwk(own.privateKey);
  strangersKey = await asJwk(other.privateKey);
  await register(server, {
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...(await exportJWK(own.publicKey)), alg: 'ES384', kid: 'diary-2026' }] },
    grant_types: ['authorization_code', 'client_credentials'],
    redirect_uris: ['https://diary.example.test/cb'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs system/Patient.rs' },
  });
});

afterAll(() => server.close());

async function pushWith(signed: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { parameters } = authorisationRequest(issuer, {
    client_id: clientId,
    redirect_uri: 'https://diary.example.test/cb',
    scope: 'launch/patient patient/Patient.rs',
  });
  const sent = form({ ...parameters, ...assertionForm(signed) });
  const { status, body } = await send(server, { ...sent, path: '/request' });
  return { status, body: JSON.parse(body) as Record<string, unknown> };
}

describe('a push with an assertion', () => {
  test.for(['issuer', 'token endpoint'])('for the %s is taken', async (aud) => {
    const audience = aud === 'issuer' ? issuer : `${issuer}/token`;
    const { status, body } = await pushWith(await assertion(key, clientId, audience));
    expect(status).toBe(201);
    const url = addressOf(issuer, String(body.request_uri), clientId);
    expectAsked(await createVisitor(issuer).get(url), issuer);
  });

  test('CA-02 that was used before is refused, here and at the token endpoint', async () => {
    const signed = await assertion(key, clientId, issuer);
    expect(await pushWith(signed)).toMatchObject({ status: 201 });
    expect(await pushWith(signed)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const grant = { grant_type: 'client_credentials', scope: 'system/Patient.rs' };
    const answer = await server.token({ ...grant, ...assertionForm(signed) });
    expect(answer.status).toBe(401);
  });

  test('CA-04 CA-05 is refused of which no part is right', async () => {
    const now = Math.floor(Date.now() / 1000);
    const wrong = [
      await assertion(strangersKey, clientId, issuer),
      await assertion(key, clientId, 'https://evil.example.test'),
      await assertion(key, clientId, issuer, { sub: 'kete-web' }),
      await assertion(key, clientId, issuer, { exp: now - 60 }),
      await assertion(key, clientId, issuer, { exp: now + 3600 }),
      await assertion(key, clientId, issuer, { jti: undefined }),
      'not.a.jwt',
    ];
    for (const signed of wrong) {
      const { status, body } = await pushWith(signed);
      expect([400, 401]).toContain(status);
      expect(['invalid_client', 'invalid_request']).toContain(body.error);
      expect(body).not.toHaveProperty('request_uri');
    }
  });
});

test('CA-03 one assertion that is sent many times at once pushes one request', async () => {
  const signed = await assertion(key, clientId, issuer);
  const answers = await Promise.all(Array.from({ length: 20 }, () => pushWith(signed)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
});
