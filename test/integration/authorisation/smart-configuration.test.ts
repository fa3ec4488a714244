import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../../../src/catalogue/index.ts';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** The document of each FHIR base (SMART App Launch 2.2, conformance): what is on, for this base, and nothing else. */

const suffix = '/.well-known/smart-configuration';

const registry: Api = {
  id: 'registry-fhir',
  audience: 'https://registry.example.test/fhir/R4',
  profile: 'smart',
  tokenFormat: 'opaque',
  tokenTyp: 'at+jwt',
  signingAlg: 'ES256',
  tokenLifetime: 300,
  scopes: ['system/Patient.rs', 'system/Immunization.rs'],
  reasons: ['directcare'],
  sensitivity: 'medical-in-confidence',
  requiredAcr: undefined,
  assurance: {},
};

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
  send(server, { method, path, headers });

async function documentAt(path: string): Promise<Record<string, unknown>> {
  const answer = await ask(path);
  expect(answer).toMatchObject({ status: 200 });
  return JSON.parse(answer.body) as Record<string, unknown>;
}

const demoPath = `/demo/fhir/r4${suffix}`;

test('the document of the demonstration has what SMART wants of it', async () => {
  expect(await documentAt(demoPath)).toEqual({
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/token/introspection`,
    revocation_endpoint: `${issuer}/token/revocation`,
    grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining([
      'none',
      'client_secret_basic',
      'private_key_jwt',
    ]),
    token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256', 'ES384', 'RS384']),
    scopes_supported: expect.arrayContaining([
      'openid',
      'fhirUser',
      'launch/patient',
      'offline_access',
      'patient/*.rs',
    ]),
    capabilities: expect.arrayContaining([
      'launch-standalone',
      'authorize-post',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      'sso-openid-connect',
      'context-standalone-patient',
      'permission-offline',
      'permission-patient',
      'permission-user',
      'permission-v1',
      'permission-v2',
    ]),
  });
});

test('nothing is advertised that is off', async () => {
  const document = await documentAt(demoPath);
  const off = ['launch-ehr', 'context-ehr-patient', 'context-ehr-encounter', 'context-standalone-encounter'];
  const others = ['context-style', 'smart-app-state'];
  const capabilities = document.capabilities as string[];
  expect(capabilities.filter((one) => [...off, ...others].includes(one))).toEqual([]);
  expect(new Set(capabilities).size).toBe(capabilities.length);
  const scopes = document.scopes_supported as string[];
  expect(scopes.filter((scope) => /^launch(\/encounter)?$|^introspect$/.test(scope))).toEqual([]);
  expect(new Set(scopes).size).toBe(scopes.length);
});

test('every endpoint that it names answers, and agrees with discovery', async () => {
  const document = await documentAt(demoPath);
  const discovery = await documentAt('/.well-known/openid-configuration');
  for (const [name, value] of Object.entries(document)) {
    if (typeof value !== 'string') continue;
    expect([name, value]).toEqual([name, discovery[name]]);
    if (name === 'issuer') continue;
    const { pathname } = new URL(value);
    const answers = await Promise.all(['GET', 'POST'].map((method) => ask(pathname, method)));
    expect([name, answers.some(({ status }) => status !== 404)]).toEqual([name, true]);
  }
  for (const name of ['grant_types_supported', 'token_endpoint_auth_methods_supported'] as const)
    expect(discovery[name]).toEqual(expect.arrayContaining(document[name] as string[]));
});

describe('whoever asks', () => {
  test.for(['*/*', 'text/html', 'application/fhir+json', 'image/png'])(
    'with Accept: %s gets JSON',
    async (accept) => {
      const answer = await ask(demoPath, 'GET', { Accept: accept });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    },
  );

  test('may be a page on any origin', async () => {
    const origin = { Origin: 'https://app.example.test' };
    const answer = await ask(demoPath, 'GET', origin);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    const preflight = await ask(demoPath, 'OPTIONS', {
      ...origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'accept',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': expect.stringContaining('GET'),
    });
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
  });

  test('may keep the answer for a while, and ask for its head only', async () => {
    expect((await ask(demoPath)).headers['cache-control']).toMatch(/max-age=\d+/);
    expect(await ask(demoPath, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test.for(['POST', 'PUT', 'DELETE'])('cannot %s it', async (method) => {
    const answer = await ask(demoPath, method);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toContain('GET');
  });

  test.for([
    `/demo/fhir/R4${suffix}`,
    `/demo/fhir${suffix}`,
    `/demo/fhir/r4/Patient${suffix}`,
    `/api/admin/v1${suffix}`,
    `/nothing${suffix}`,
    `${suffix}/nothing`,
    `${suffix}/admin-api`,
    `${suffix}/__proto__`,
    `${suffix}/`,
  ])('finds none at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

test('a base elsewhere has a document of its own, which its server hands on', async () => {
  expect(await documentAt(suffix)).toEqual(await documentAt(demoPath));
  await server.services.catalogue.put(registry, { demo: false });
  const document = await documentAt(`${suffix}/registry-fhir`);
  expect(document).toMatchObject({
    issuer,
    scopes_supported: ['system/Patient.rs', 'system/Immunization.rs'],
  });
  const capabilities = document.capabilities as string[];
  const personal = /^(permission-(patient|user|offline|online)|context-|sso-)/;
  expect(capabilities.filter((one) => personal.test(one))).toEqual([]);
  expect(await documentAt(`${suffix}/demo-fhir`)).toEqual(await documentAt(demoPath));
  // With two of them there is no "the" document any more.
  expect((await ask(suffix)).status).toBe(404);
});
