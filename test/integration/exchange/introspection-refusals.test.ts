import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  isActive,
  keteSpa,
  labWeb,
  newFamily,
  refreshForm,
  registerLab,
  tokenRequest,
} from '../../support/exchange.ts';
import { basic } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addStatistics, askWhat, expectInactive, statisticsServer } from './introspection.ts';

/** Introspection (RFC 7662): to whom and about what nothing is told. */

let server: TestServer;
let tokens: TokenAnswer;
let base: string;

beforeAll(async () => {
  server = await startServer();
  base = `${server.issuer}/demo/fhir/r4`;
  await registerLab(server);
  await addStatistics(server);
  tokens = (await newFamily(server)).first;
});
afterAll(() => server.close());

const ask = (parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) =>
  askWhat(server, parameters, headers);

describe('exactly {"active":false} is the answer', () => {
  test('JW-02 for everything that is no access token', async () => {
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

  test('JW-02 JW-03 for a JWT, whoever signed it: there is no such token here', async () => {
    const none = [
      { alg: 'none', typ: 'JWT' },
      { sub: 'aroha', aud: base, exp: 4_000_000_000 },
    ];
    const unsigned = none.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    for (const token of [tokens.id_token ?? '', `${unsigned}.`]) expectInactive(await ask({ token }));
  });

  test('JW-02 for a refresh token also to the client that it belongs to', async () => {
    expectInactive(await ask({ token: tokens.refresh_token ?? '' }, basic(...keteWeb)));
    const { status } = await tokenRequest(server, refreshForm(tokens.refresh_token));
    expect(status).toBe(200);
  });

  test('JW-04 to the resource server of another API, though its token is good', async () => {
    expectInactive(await ask({ token: tokens.access_token }, statisticsServer));
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
