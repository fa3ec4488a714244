import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectInvalidGrant,
  isActive,
  keteSpa,
  newFamily,
  refreshForm,
  renew,
  spaChange,
  tokenRequest,
} from '../../support/exchange.ts';
import { type Answer, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectDone, revoke } from '../../support/taken-back.ts';
import { keteWeb } from '../../support/visitor.ts';

/** An application that runs in a browser and takes its own tokens back from there. */

/** Where `kete-spa` has its page. */
const page = 'http://127.0.0.1:8090';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: 'growth-chart',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['https://growth-chart.example.test/app.html'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  });
});
afterAll(() => server.close());

const start = () => newFamily(server, { change: spaChange, client: keteSpa });

const readableBy = ({ headers }: Answer) => headers['access-control-allow-origin'];

const fromPage = (token: string | undefined, origin: string, clientId = 'kete-spa') =>
  send(server, {
    ...form({ token: token ?? '', client_id: clientId }, { Origin: origin }),
    path: '/token/revocation',
  });

describe('its own', () => {
  test('refresh token ends all that came from it, and the page reads the answer', async () => {
    const { first } = await start();
    const next = await renew(server, first, keteSpa);
    const answer = await fromPage(next.refresh_token, page);
    expectDone(answer);
    expect(readableBy(answer)).toBe(page);
    expect(answer.headers.vary).toContain('Origin');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    for (const one of [first, next]) {
      expect(await isActive(server, one)).toBe(false);
      expectInvalidGrant(await tokenRequest(server, refreshForm(one.refresh_token), keteSpa));
    }
  });

  test('access token ends alone', async () => {
    const { first } = await start();
    expectDone(await fromPage(first.access_token, page));
    expect(await isActive(server, first)).toBe(false);
    expect(await isActive(server, await renew(server, first, keteSpa))).toBe(true);
  });
});

test.for(['/token/revocation/', '/TOKEN/Revocation', '/token/revocation?x=y'])(
  'the address may be written %s, as the library takes it',
  async (path) => {
    const { first } = await start();
    expectDone(
      await send(server, { ...form({ token: first.refresh_token ?? '', client_id: 'kete-spa' }), path }),
    );
    expect(await isActive(server, first)).toBe(false);
  },
);

test.for(['/token//revocation', '/token/%72evocation', '/token/revocation/x', '//token/revocation'])(
  'at %s there is nothing, and nothing ends',
  async (path) => {
    const { first } = await start();
    const answer = await send(server, {
      ...form({ token: first.refresh_token ?? '', client_id: 'kete-spa' }),
      path,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await isActive(server, first)).toBe(true);
  },
);

describe('somebody else’s', () => {
  test('tokens live on, and the page cannot tell that they do', async () => {
    const { first } = await newFamily(server);
    const own = await start();
    const done = await fromPage(own.first.access_token, page);
    for (const token of [first.access_token, first.refresh_token]) {
      const answer = await fromPage(token, page);
      expectDone(answer);
      const headers = ({ headers: { date: _date, ...rest } }: Answer) => Object.keys(rest).toSorted();
      expect(headers(answer)).toEqual(headers(done));
    }
    expect(await isActive(server, first)).toBe(true);
    expect((await tokenRequest(server, refreshForm(first.refresh_token), keteWeb)).status).toBe(200);
  });

  test('public application cannot take its tokens back', async () => {
    const { first } = await start();
    expectDone(await revoke(server, first.refresh_token, ['growth-chart']));
    expect(await isActive(server, first)).toBe(true);
  });
});

describe.for(['/token/revocation', '/token/introspection'])('TK-05 %s', (path) => {
  const preflight = (origin: string) =>
    send(server, {
      method: 'OPTIONS',
      path,
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      },
    });

  test('lets a page of a public application ask, and nobody else', async () => {
    for (const origin of [page, 'https://growth-chart.example.test']) {
      const answer = await preflight(origin);
      expect(answer.status).toBe(204);
      expect(readableBy(answer)).toBe(origin);
      expect(answer.headers['access-control-allow-methods']).toContain('POST');
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
    for (const origin of ['https://evil.example.test', 'http://localhost:8090', 'null', '*'])
      expect(readableBy(await preflight(origin))).toBeUndefined();
  });

  test.for([
    ['a page elsewhere', 'https://evil.example.test', 'kete-spa'],
    ['a page of another public application', 'https://growth-chart.example.test', 'kete-spa'],
    ['a page, for a client that nobody knows', page, 'nobody'],
    ['a page, for a confidential client', page, 'kete-web'],
  ] as const)('cannot be read by %s', async ([, origin, clientId]) => {
    const sent = form({ token: 'a'.repeat(43), client_id: clientId }, { Origin: origin });
    expect(readableBy(await send(server, { ...sent, path }))).toBeUndefined();
  });
});

test('a page that shows a bearer token to introspection cannot read what it is told', async () => {
  const { first } = await start();
  const headers = { Origin: page, Authorization: `Bearer ${first.access_token}` };
  const answer = await send(server, {
    ...form({ token: first.access_token }, headers),
    path: '/token/introspection',
  });
  expect(answer.status).toBe(403);
  expect(readableBy(answer)).toBeUndefined();
});
