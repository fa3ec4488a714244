import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import {
  isActive,
  keteSpa,
  labWeb,
  newFamily,
  refreshForm,
  registerLab,
  tokenRequest,
} from '../../support/exchange.ts';
import { type Answer, basic, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, introspect, keteWeb, type TokenAnswer, usualScope } from '../../support/visitor.ts';

/** Introspection (RFC 7662): a resource server is told about the tokens for its own API, and nobody about any other. */

let server: TestServer;
let tokens: TokenAnswer;
let base: string;

const watcherSecret = 'a-secret-of-the-statistics-server';

beforeAll(async () => {
  server = await startServer();
  base = `${server.issuer}/demo/fhir/r4`;
  await registerLab(server);
  const [demoFhir] = (await server.services.catalogue.all()).filter(({ id }) => id === 'demo-fhir');
  if (demoFhir === undefined) throw new Error('there is no demo FHIR server');
  const statistics = { ...demoFhir, id: 'statistics', audience: 'https://statistics.example.test/v1' };
  await server.services.catalogue.put(statistics, { demo: false });
  await register(server, {
    client_id: 'statistics-server',
    client_secret: watcherSecret,
    grant_types: [],
    organization: 'platform',
    apis: { statistics: 'introspect' },
  });
  tokens = (await newFamily(server)).first;
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const fhirServer = basic('demo-fhir-server', 'demo-secret-demo-fhir-server');

const ask = (parameters: Readonly<Record<string, string>>, headers: Record<string, string> = fhirServer) =>
  send(server, { ...form(parameters, headers), path: '/token/introspection' });

function expectInactive({ status, headers, body }: Answer): void {
  expect({ status, body }).toEqual({ status: 200, body: '{"active":false}' });
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
}

describe('the resource server of the API', () => {
  test('is told all that SMART wants, and the truth', async () => {
    const now = Math.floor(Date.now() / 1000);
    const answer = await ask({ token: tokens.access_token });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    const found = JSON.parse(answer.body) as { exp: number; iat: number };
    expect(found).toMatchObject({
      active: true,
      sub: 'aroha',
      client_id: 'kete-web',
      aud: base,
      iss: server.issuer,
      scope: usualScope,
      token_type: 'Bearer',
      patient: 'p-aroha',
      need_patient_banner: false,
      fhirUser: `${base}/Patient/p-aroha`,
    });
    expect(found.exp - found.iat).toBe(600);
    expect(Math.abs(found.iat - now)).toBeLessThan(120);
  });

  test('finds the same scope as the token response said', async () => {
    for (const scope of [
      usualScope,
      'openid patient/Patient.rs launch/patient',
      'launch/patient patient/*.rs',
    ]) {
      const { first } = await newFamily(server, { change: { scope }, identifier: 'mere@example.test' });
      expect(await introspect(server, first.access_token)).toMatchObject({
        active: true,
        scope: first.scope,
      });
      expect(new Set(first.scope.split(' '))).toEqual(new Set(scope.split(' ')));
    }
  });

  test('is told fhirUser only with its scope', async () => {
    const scope = 'openid launch/patient patient/Patient.rs';
    const { first } = await newFamily(server, { change: { scope }, identifier: 'wiremu@example.test' });
    const found = await introspect(server, first.access_token);
    expect(found).toMatchObject({ active: true, sub: 'wiremu', patient: 'p-wiremu' });
    expect(found).not.toHaveProperty('fhirUser');
  });

  test('sees as sub the account, whatever else the token says', async () => {
    const { first } = await newFamily(server, { identifier: 'hana@example.test' });
    expect(await introspect(server, first.access_token)).toMatchObject({
      sub: 'hana',
      client_id: 'kete-web',
      patient: 'p-hana',
    });
  });

  test.each(['access_token', 'refresh_token', 'something', ''])('may give any hint: %s', async (hint) => {
    const answer = await ask({ token: tokens.access_token, token_type_hint: hint });
    expect(JSON.parse(answer.body)).toMatchObject({ active: true, sub: 'aroha' });
  });

  test('sees the token of a system, without a person', async () => {
    const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const wish = { grant_type: 'client_credentials', scope: 'system/Patient.rs', resource: base };
    const answer = await send(server, form({ ...wish, ...assertionForm(jwt) }));
    expect(answer.status).toBe(200);
    const issued = JSON.parse(answer.body) as TokenAnswer;
    expect(issued).not.toHaveProperty('refresh_token');
    expect(issued.expires_in).toBeLessThanOrEqual(300);
    const found = await introspect(server, issued.access_token);
    expect(found).toMatchObject({
      active: true,
      client_id: 'clinic-jwt',
      aud: base,
      scope: 'system/Patient.rs',
    });
    for (const name of ['patient', 'fhirUser', 'need_patient_banner']) expect(found).not.toHaveProperty(name);
    expectInactive(await ask({ token: issued.access_token }, basic('statistics-server', watcherSecret)));
    shiftTime(301);
    expectInactive(await ask({ token: issued.access_token }));
  });

  test('is told no more once the token has expired', async () => {
    const { first } = await newFamily(server);
    shiftTime(599 - 30);
    expect(await isActive(server, first)).toBe(true);
    shiftTime(601);
    expectInactive(await ask({ token: first.access_token }));
  });
});

describe('exactly {"active":false} is the answer', () => {
  test('for everything that is no access token', async () => {
    const { code } = await authorise(server);
    const wrong = [
      tokens.refresh_token ?? '',
      code,
      `${tokens.access_token}x`,
      tokens.access_token.slice(1),
      'a'.repeat(43),
      'a'.repeat(20_000),
      'é\u{1f600}',
    ];
    for (const token of wrong) {
      expectInactive(await ask({ token }));
      expectInactive(await ask({ token, token_type_hint: 'refresh_token' }));
    }
  });

  test('for a JWT, whoever signed it: there is no such token here', async () => {
    const none = [
      { alg: 'none', typ: 'JWT' },
      { sub: 'aroha', aud: base, exp: 4_000_000_000 },
    ];
    const unsigned = none.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    for (const token of [tokens.id_token ?? '', `${unsigned}.`]) expectInactive(await ask({ token }));
  });

  test('for a refresh token also to the client that it belongs to', async () => {
    expectInactive(await ask({ token: tokens.refresh_token ?? '' }, basic(...keteWeb)));
    const { status } = await tokenRequest(server, refreshForm(tokens.refresh_token));
    expect(status).toBe(200);
  });

  test('to the resource server of another API, though its token is good', async () => {
    expectInactive(await ask({ token: tokens.access_token }, basic('statistics-server', watcherSecret)));
    expect(await isActive(server, tokens)).toBe(true);
  });

  test.each([
    ['the client of the token', keteWeb],
    ['another application', labWeb],
    ['a system without introspect', ['clinic-backend', 'demo-secret-clinic-backend'] as const],
  ])('to %s', async (_who, [clientId, secret = '']) => {
    expectInactive(await ask({ token: tokens.access_token }, basic(clientId, secret)));
  });

  test('to an application without a secret, which can prove nothing', async () => {
    expectInactive(await ask({ token: tokens.access_token, client_id: keteSpa[0] }, {}));
  });
});

describe('CA-01 who does not prove who it is', () => {
  test.each([
    ['with a wrong secret', basic('demo-fhir-server', 'wrong'), 401, 'invalid_client'],
    ['with an unknown name', basic('nobody', 'wrong'), 401, 'invalid_client'],
    ['with nothing', {}, 400, 'invalid_request'],
  ])('%s is told nothing', async (_how, headers, status, error) => {
    const answer = await ask({ token: tokens.access_token }, headers);
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toMatchObject({
      status,
      body: { error },
    });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(answer.body).not.toMatch(/active|aroha/);
  });

  test('with its name alone is told nothing', async () => {
    const answer = await ask({ token: tokens.access_token, client_id: 'demo-fhir-server' }, {});
    expect(answer.status).toBe(401);
  });

  test('a request without a token is one', async () => {
    const answer = await ask({});
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test('U+0000 in a token is a bad request or no token, never a fault', async () => {
    const { status } = await ask({ token: 'a\0b' });
    expect([200, 400]).toContain(status);
  });
});
