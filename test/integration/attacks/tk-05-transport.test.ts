import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { tally } from '../token-endpoint/refusals.ts';

/** Other ways to say POST, and other names for a form, at the token endpoint. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const good = new URLSearchParams(grant).toString();

describe('TK-05 no other method makes a token', () => {
  test.for(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY', 'SEARCH'])(
    '%s',
    async (method) => {
      const { issued } = await tally(server);
      const answer = await send(server, { method, path: `/token?${good}`, headers: clinic });
      expect([404, 405]).toContain(answer.status);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).not.toContain('access_token');
      expect((await tally(server)).issued).toBe(issued);
    },
  );

  test.for(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])('GET with %s', async (name) => {
    const answer = await send(server, {
      method: 'GET',
      path: `/token?_method=POST&${good}`,
      headers: { ...clinic, [name]: 'POST' },
    });
    expect([404, 405]).toContain(answer.status);
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});

describe('TK-05 no other type of content makes a token', () => {
  test.for([
    'application/json',
    'application/json; charset=utf-8',
    'application/vnd.api+json',
    'application/x-www-form-urlencoded+json',
    'application/x-www-form-urlencoded, application/json',
    'application/jwt',
    'application/xml',
    'text/html',
    'text/x-www-form-urlencoded',
    'multipart/mixed; boundary=x',
    '*/*',
  ])('%s', async (type) => {
    for (const body of [good, JSON.stringify(grant)]) {
      const { issued } = await tally(server);
      const answer = await send(server, { headers: { ...clinic, 'Content-Type': type }, body });
      expect({ status: answer.status, ...JSON.parse(answer.body) }).toMatchObject({
        status: 400,
        error: 'invalid_request',
      });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect((await tally(server)).issued).toBe(issued);
    }
  });

  test('JSON that calls itself a form', async () => {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await send(server, { headers: { ...clinic, ...type }, body: JSON.stringify(grant) });
    expect({ status: answer.status, ...JSON.parse(answer.body) }).toMatchObject({
      status: 400,
      error: 'invalid_request',
    });
  });
});

describe('TK-05 every answer says that it must not be kept, good or bad', () => {
  test.for([
    ['a token', form(grant, clinic), 200],
    ['a wrong scope', form({ ...grant, scope: 'everything' }, clinic), 400],
    ['a wrong grant', form({ ...grant, grant_type: 'password' }, clinic), 400],
    ['a wrong secret', form(grant, basic('clinic-backend', 'wrong')), 401],
    ['nothing', form({}), 400],
    ['a foreign Host', form(grant, { ...clinic, Host: 'evil.example.test' }), 400],
    ['an address that cannot be stored', { ...form(grant, clinic), path: '/token?x=%00' }, 400],
  ] as const)('%s', async ([, sent, status]) => {
    const answer = await send(server, sent);
    expect(answer.status).toBe(status);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers).not.toHaveProperty('etag');
    expect(answer.headers).not.toHaveProperty('last-modified');
  });
});

test.for([
  'https://evil.example.test',
  'null',
  'http://127.0.0.1:8090.evil.example.test',
  'http://evil.example.test/http://127.0.0.1:8090',
  'HTTP://127.0.0.1:8090',
  'http://127.0.0.1:8090/',
  'http://127.0.0.1:8090, https://evil.example.test',
  '*',
])(
  'TK-05 a page at %s may read neither the answers of public clients nor those of others',
  async (origin) => {
    for (const sent of [
      form(grant, { ...clinic, Origin: origin }),
      form({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'kete-spa' }, { Origin: origin }),
    ]) {
      const { headers } = await send(server, sent);
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    }
  },
);
