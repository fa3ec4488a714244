import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, basic, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/**
 * Pages of public clients may read what their client is answered, on their own origin only (TK-05 of the threat model;
 * SMART App Launch 2.2, considerations for cross-origin resource sharing).
 */

/** Where `kete-spa` has its page. */
const page = 'http://127.0.0.1:8090';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  const shared = {
    grant_types: ['authorization_code'],
    redirect_uris: ['https://growth-chart.example.test/app.html'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(server, { ...shared, client_id: 'growth-chart', token_endpoint_auth_method: 'none' });
});

afterAll(() => server.close());

const readableBy = ({ headers }: Answer) => headers['access-control-allow-origin'];

const preflight = (path: string, origin: string) =>
  send(server, {
    method: 'OPTIONS',
    path,
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  });

const strangers = [
  'https://evil.example.test',
  'http://127.0.0.1:8091',
  'http://127.0.0.1',
  'https://127.0.0.1:8090',
  'http://127.0.0.1:80900',
  'http://localhost:8090',
  'http://127.0.0.1:8090.evil.example.test',
  'https://growth-chart.example.test.evil.example.test',
  'https://evil.growth-chart.example.test',
  'http://growth-chart.example.test',
  'null',
  '*',
];

describe.for(['/token', '/request', '/me'])('TK-05 a preflight to %s', (path) => {
  test.for([page, 'https://growth-chart.example.test'])('passes for %s', async (origin) => {
    const answer = await preflight(path, origin);
    expect(answer).toMatchObject({ status: 204 });
    expect(readableBy(answer)).toBe(origin);
    expect(answer.headers['access-control-allow-methods']).toContain('POST');
    expect(answer.headers['access-control-allow-headers']).toContain('authorization');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers.vary).toContain('Origin');
  });

  test.for(strangers)('fails for %s', async (origin) => {
    expect(readableBy(await preflight(path, origin))).toBeUndefined();
  });
});

const exchange = { grant_type: 'authorization_code', code: 'x', redirect_uri: `${page}/app.html` };

describe.for(['/token', '/request'])('TK-05 an answer of %s', (path) => {
  const ask = (origin: string, clientId: string) =>
    send(server, { ...form({ ...exchange, client_id: clientId }, { Origin: origin }), path });

  test('can be read by the page of its client, also where it is a refusal', async () => {
    const answer = await ask(page, 'kete-spa');
    expect(answer).toMatchObject({ status: 400 });
    expect(readableBy(answer)).toBe(page);
    expect(answer.headers.vary).toContain('Origin');
  });

  test.for([
    ['another public client', 'https://growth-chart.example.test', 'kete-spa'],
    ['a public client, for a confidential one', page, 'kete-web'],
    ['a public client, for one that nobody knows', page, 'nobody'],
    ...strangers.map((origin): [string, string, string] => [origin, origin, 'kete-spa']),
  ] as const)('cannot be read by the page of %s', async ([, origin, clientId]) => {
    expect(readableBy(await ask(origin, clientId))).toBeUndefined();
  });
});

test('an answer to a confidential client cannot be read by a page, though its redirect URI is there', async () => {
  const credentials = basic('kete-web', 'demo-secret-kete-web');
  const answer = await send(server, form(exchange, { ...credentials, Origin: page }));
  expect(answer).toMatchObject({ status: 400 });
  expect(readableBy(answer)).toBeUndefined();
});

test('without an Origin nobody is named', async () => {
  expect(readableBy(await send(server, form({ ...exchange, client_id: 'kete-spa' })))).toBeUndefined();
});

describe.for(['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
  '%s',
  (path) => {
    test.for([page, 'https://evil.example.test'])('can be read by %s', async (origin) => {
      const answer = await send(server, { method: 'GET', path, headers: { Origin: origin } });
      expect(answer).toMatchObject({ status: 200 });
      expect(['*', origin]).toContain(readableBy(answer));
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    });
  },
);

test.for(['/auth', '/session/end', '/session/end/confirm'])(
  '%s is for browsers: no page may read its answer',
  async (path) => {
    expect(readableBy(await preflight(path, page))).toBeUndefined();
    const answer = await send(server, { method: 'GET', path, headers: { Origin: page } });
    expect(readableBy(answer)).toBeUndefined();
  },
);
