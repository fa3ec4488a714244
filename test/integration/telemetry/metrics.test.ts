import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { newFamily, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { form, send } from '../../support/fixtures.ts';
import { assertUser, userContext } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor, formTo, signIn } from '../../support/visitor.ts';
import { metricsToken, sampleOf, scrape } from './scrape.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ METRICS_TOKEN: metricsToken });
});
afterAll(() => server.close());

/** How much a metric has grown through `work`. */
async function growth(
  name: string,
  labels: Readonly<Record<string, string>>,
  work: () => Promise<unknown>,
): Promise<number> {
  const before = sampleOf(await scrape(server), name, labels) ?? 0;
  await work();
  return (sampleOf(await scrape(server), name, labels) ?? 0) - before;
}

const clinic = ['clinic-backend', 'demo-secret-clinic-backend'] as const;
const systemToken = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

describe('tokens are counted by client, profile and grant', () => {
  const issued = 'assent_tokens_issued_total';

  test('a system that proves who it is with a secret', async () => {
    const labels = { client_id: 'clinic-backend', profile: 'spine-core', grant_type: 'client_credentials' };
    expect(await growth(issued, labels, () => tokenRequest(server, systemToken, clinic))).toBe(1);
  });

  test('a system with a key, for another API', async () => {
    const signed = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
    const parameters = {
      grant_type: 'client_credentials',
      scope: 'system/Patient.rs',
      ...assertionForm(signed),
    };
    const labels = { client_id: 'clinic-jwt', profile: 'smart', grant_type: 'client_credentials' };
    expect(await growth(issued, labels, () => send(server, form(parameters)))).toBe(1);
  });

  test('a user context assertion', async () => {
    const labels = {
      client_id: 'gp-clinic',
      profile: 'gp-connect',
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    };
    expect(await growth(issued, labels, async () => assertUser(server, await userContext(server)))).toBe(1);
  });

  test('a code, and a refresh', async () => {
    const labels = { client_id: 'kete-web', profile: 'smart', grant_type: 'authorization_code' };
    let token = '';
    const redeem = async () => {
      token = (await newFamily(server)).first.refresh_token ?? '';
    };
    expect(await growth(issued, labels, redeem)).toBe(1);
    const again = { ...labels, grant_type: 'refresh_token' };
    expect(await growth(issued, again, () => tokenRequest(server, refreshForm(token)))).toBe(1);
  });
});

describe('denials are counted by reason', () => {
  const denied = 'assent_denials_total';

  test.each([
    [
      'a client that did not prove who it is',
      'invalid_client',
      () => tokenRequest(server, systemToken, ['clinic-backend', 'x']),
    ],
    [
      'a scope beyond the registration',
      'invalid_scope',
      () => tokenRequest(server, { ...systemToken, scope: 'system/List.read' }, clinic),
    ],
    [
      'a code that there is not',
      'invalid_grant',
      () =>
        tokenRequest(server, {
          grant_type: 'authorization_code',
          code: 'none',
          redirect_uri: 'http://127.0.0.1:8090/cb',
          code_verifier: 'v'.repeat(43),
        }),
    ],
    [
      'a grant that there is not',
      'unsupported_grant_type',
      () => tokenRequest(server, { grant_type: 'password' }),
    ],
    [
      'a token that there is not, at userinfo',
      'invalid_token',
      () => send(server, { method: 'GET', path: '/me', headers: { Authorization: 'Bearer none' } }),
    ],
    [
      'a pushed request without a client',
      'invalid_client',
      () => send(server, { ...form({ client_id: 'kete-web', client_secret: 'x' }), path: '/request' }),
    ],
    [
      'a request that ends on a page',
      'invalid_client',
      () =>
        createVisitor(server.issuer).get(authorisationRequest(server.issuer, { client_id: 'nobody' }).url),
    ],
    [
      'a request that goes back to the application',
      'login_required',
      () => createVisitor(server.issuer).get(authorisationRequest(server.issuer, { prompt: 'none' }).url),
    ],
    [
      'another Host',
      'refused_at_the_door',
      () => send(server, { path: '/token', headers: { Host: 'evil.example.test' } }),
    ],
  ] as const)('%s: %s', async (_what, reason, work) => {
    expect(await growth(denied, { reason }, work)).toBe(1);
  });

  test('a wrong password', async () => {
    const visitor = createVisitor(server.issuer);
    const page = await visitor.follow(await visitor.get(authorisationRequest(server.issuer).url));
    expect(formTo(page, '/sign-in').fields.length).toBeGreaterThan(0);
    const wrong = () => signIn(visitor, page, { password: 'not it' });
    expect(await growth(denied, { reason: 'sign_in_refused' }, wrong)).toBe(1);
  });
});

describe('latencies are measured for each endpoint', () => {
  const count = 'assent_http_request_duration_seconds_count';

  test.each([
    ['/token', 'POST', '200', () => tokenRequest(server, systemToken, clinic)],
    ['/token', 'POST', '401', () => tokenRequest(server, systemToken, ['clinic-backend', 'x'])],
    [
      '/.well-known/openid-configuration',
      'GET',
      '200',
      () => send(server, { method: 'GET', path: '/.well-known/openid-configuration' }),
    ],
    ['/auth', 'GET', '303', () => createVisitor(server.issuer).get(authorisationRequest(server.issuer).url)],
    ['/interaction/:uid', 'GET', '400', () => send(server, { method: 'GET', path: '/interaction/none' })],
    ['/health/live', 'GET', '200', () => send(server, { method: 'GET', path: '/health/live' })],
    ['other', 'GET', '404', () => send(server, { method: 'GET', path: '/wp-login.php' })],
    ['other', 'other', '404', () => send(server, { method: 'PROPFIND', path: '/wp-login.php' })],
  ] as const)('%s %s %s', async (endpoint, method, status, work) => {
    expect(await growth(count, { endpoint, method, status }, work)).toBe(1);
  });

  test('addresses that somebody thinks up make no new series', async () => {
    const before = (await scrape(server)).length;
    for (let index = 0; index < 30; index += 1)
      await send(server, { method: 'GET', path: `/interaction/${crypto.randomUUID()}` });
    for (let index = 0; index < 30; index += 1)
      await tokenRequest(server, { ...systemToken, grant_type: `grant-${index}` }, [`nobody-${index}`, 'x']);
    // Two endpoints, with a status each: that many series, and the kinds of garbage collections.
    expect((await scrape(server)).length).toBeLessThan(before + 60);
  });
});

test('connections to the database are told', async () => {
  const samples = await scrape(server);
  const connections = (state: string) =>
    sampleOf(samples, 'assent_db_pool_connections', { state }) ?? Number.NaN;
  expect(connections('used') + connections('idle')).toBeGreaterThanOrEqual(1);
  expect(sampleOf(samples, 'assent_db_pool_waiting')).toBe(0);
  expect(sampleOf(samples, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
});

describe('who may read', () => {
  const get = (headers = {}) => send(server, { method: 'GET', path: '/metrics', headers });

  test('whoever brings the token, whatever the Host', async () => {
    const sent = { Authorization: `Bearer ${metricsToken}`, Host: '10.1.2.3:3000' };
    expect((await get(sent)).status).toBe(200);
  });

  test('nobody else', async () => {
    expect((await get()).status).toBe(401);
    expect((await get({ Authorization: 'Bearer guessed' })).status).toBe(401);
  });

  test('nobody, where no token was chosen', async () => {
    const bare = await startServer();
    const answer = await send(bare, { method: 'GET', path: '/metrics' });
    await bare.close();
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('assent_');
  });
});
