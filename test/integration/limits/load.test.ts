import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Answer,
  basic,
  form,
  type Sent,
  send,
  startNode,
  type TestNode,
} from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { newAddress } from './typing.ts';

const TRUST_PROXY = '127.0.0.1,::1';
const grant = {
  grant_type: 'client_credentials',
  scope: 'system/Flag.read',
  resource: 'https://spine.example.test/raflags/STU3',
};
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

let server: TestServer;
const nodes: TestNode[] = [];

/** One more node, with limits of its own: they are counted anew there. */
async function strict(env: Record<string, string>): Promise<TestNode> {
  const node = await startNode(server, { TRUST_PROXY, ...env });
  nodes.push(node);
  return node;
}

beforeAll(async () => {
  server = await startServer({ TRUST_PROXY, RATE_LIMIT_REFUSED: '4' });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const node of nodes.splice(0)) await node.close();
});
afterAll(() => server.close());

const from = (source: string, { headers, ...sent }: Sent): Sent => ({
  ...sent,
  headers: { ...headers, 'X-Forwarded-For': source },
});
const get = (path: string, headers: Record<string, string> = {}): Sent => ({ method: 'GET', path, headers });

/** Sends the same so many times. @returns the status of each answer */
async function statuses(node: Parameters<typeof send>[0], times: number, sent: Sent): Promise<number[]> {
  const seen: number[] = [];
  for (let n = 0; n < times; n += 1) seen.push((await send(node, sent)).status);
  return seen;
}

function expectTooMany({ status, headers, body }: Answer): void {
  expect(status).toBe(429);
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(headers['cache-control']).toContain('no-store');
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  expect(JSON.parse(body)).toEqual({ error: 'too_many_requests', error_description: expect.any(String) });
}

describe('GW-03 requests of one source', () => {
  test('to endpoints beyond the limit are told to come later, whatever they ask; others are served', async () => {
    const node = await strict({ RATE_LIMIT_ENDPOINTS: '3' });
    const here = newAddress();
    expect(await statuses(node, 2, from(here, form(grant, clinic)))).toEqual([200, 200]);
    expect(await statuses(node, 1, from(here, get('/jwks')))).toEqual([200]);
    for (const path of ['/token', '/TOKEN/', '/jwks', '/.well-known/openid-configuration'])
      expectTooMany(await send(node, from(here, path === '/jwks' ? get(path) : { path })));
    expect(await statuses(node, 1, from(newAddress(), form(grant, clinic)))).toEqual([200]);
    expect(await statuses(node, 1, from(here, get('/health/live')))).toEqual([200]);
  });

  test('are of the real peer where no proxy is trusted', async () => {
    const node = await strict({ RATE_LIMIT_ENDPOINTS: '2', TRUST_PROXY: '' });
    const spoofed = (): Sent => {
      const address = newAddress();
      return from(address, get('/jwks', { 'X-Real-IP': address, Forwarded: `for=${address}` }));
    };
    const seen: number[] = [];
    for (let n = 0; n < 3; n += 1) seen.push((await send(node, spoofed())).status);
    expect(seen).toEqual([200, 200, 429]);
  });

  test('for pages beyond the limit get a page that says so', async () => {
    const node = await strict({ RATE_LIMIT_PAGES: '1' });
    const here = newAddress();
    const ask = from(here, get('/interaction/over', { Accept: 'text/html' }));
    expect(await statuses(node, 1, ask)).toEqual([400]);
    const answer = await send(node, ask);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    expect(answer.body).toContain('Wait a minute, then try again.');
    expect(await statuses(node, 1, from(here, get('/jwks')))).toEqual([200]);
  });
});

test('requests of one client beyond the limit, wherever they come from; a stranger cannot use them up', async () => {
  const node = await strict({ RATE_LIMIT_CLIENT: '2' });
  const wrong = form(grant, basic('clinic-backend', 'wrong'));
  expect(await statuses(node, 3, from(newAddress(), wrong))).toEqual([401, 401, 401]);
  for (const status of [200, 200, 429, 429])
    expect(await statuses(node, 1, from(newAddress(), form(grant, clinic)))).toEqual([status]);
  expect(
    await statuses(
      node,
      1,
      from(newAddress(), form(grant, basic('demo-fhir-server', 'demo-secret-demo-fhir-server'))),
    ),
  ).not.toEqual([429]);
});

describe('F-16 guessing at the secret of a client', () => {
  const guess = (secret: string) => form(grant, basic('clinic-backend', secret));

  test('ends before the client is looked up, with the right secret too; elsewhere it is served', async () => {
    const here = newAddress();
    expect(await statuses(server, 2, from(here, guess('wrong')))).toEqual([401, 401]);
    const find = vi.spyOn(server.services.registry, 'find');
    expectTooMany(await send(server, from(here, guess('wrong'))));
    expectTooMany(await send(server, from(here, form(grant, clinic))));
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
    expect(await statuses(server, 1, from(newAddress(), form(grant, clinic)))).toEqual([200]);
  });

  test('ends at introspection, revocation and pushed requests as well', async () => {
    const here = newAddress();
    const at = (path: string) => from(here, { ...form({ token: 'x' }, basic('kete-web', 'wrong')), path });
    expect(await statuses(server, 1, at('/token/introspection'))).toEqual([401]);
    expect(await statuses(server, 1, at('/token/revocation'))).toEqual([401]);
    for (const path of ['/token/introspection', '/token/revocation', '/request', '/token'])
      expectTooMany(await send(server, at(path)));
  });

  test('of many clients from one source ends too', async () => {
    const here = newAddress();
    for (let n = 0; n < 4; n += 1) {
      const answer = await send(server, from(here, form(grant, basic(`nobody-${n}`, 'wrong'))));
      expect(answer.status).toBe(401);
    }
    expectTooMany(await send(server, from(here, form(grant, clinic))));
  });
});
