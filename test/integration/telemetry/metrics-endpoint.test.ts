import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { createMetrics, createMetricsEndpoint, startMetricsServer } from '../../../src/telemetry/index.ts';
import { type Answer, send } from '../../support/fixtures.ts';
import { readPrometheus } from '../../support/prometheus.ts';

const metrics = createMetrics();
afterAll(() => metrics.close());

const token = 'a-token-for-the-scraper';

/** Asks a listener once. */
async function ask(listener: RequestListener, path: string, method: string, headers = {}): Promise<Answer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await send({ issuer: `http://localhost:${port}` }, { method, path, headers });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const bearer = (sent: string) => ({ Authorization: `Bearer ${sent}` });

describe('behind a token', () => {
  const endpoint = createMetricsEndpoint({ metrics, token, open: false });

  test('whoever brings it reads, whatever the Host', async () => {
    const answer = await ask(endpoint, '/metrics', 'GET', { ...bearer(token), Host: '10.0.0.7:9090' });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(readPrometheus(answer.body).length).toBeGreaterThan(0);
  });

  test.each([
    ['no credentials', {}],
    ['another token', bearer('a-token-for-the-scrapes')],
    ['the beginning of it', bearer(token.slice(0, -1))],
    ['it with more behind it', bearer(`${token}x`)],
    ['it twice', bearer(`${token} ${token}`)],
    ['nothing behind Bearer', { Authorization: 'Bearer' }],
    ['it under another scheme', { Authorization: `Basic ${token}` }],
    ['it in another header', { 'X-Api-Key': token }],
  ])('with %s nobody does', async (_what, headers) => {
    const { status, headers: answered, body } = await ask(endpoint, '/metrics', 'GET', headers);
    expect({ status, body }).toEqual({ status: 401, body: '' });
    expect(answered['www-authenticate']).toBe('Bearer realm="metrics"');
  });

  test('a token in the address is none', async () => {
    expect((await ask(endpoint, `/metrics?access_token=${token}`, 'GET')).status).toBe(401);
  });

  test('there is nothing to write, and nothing else to read', async () => {
    expect(await ask(endpoint, '/metrics', 'POST', bearer(token))).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    expect(await ask(endpoint, '/metrics', 'HEAD', bearer(token))).toMatchObject({ status: 200, body: '' });
    expect((await ask(endpoint, '/metrics/', 'GET', bearer(token))).status).toBe(404);
    expect((await ask(endpoint, '/token', 'GET', bearer(token))).status).toBe(404);
  });
});

test('without a token there are none on a port that everybody reaches', async () => {
  const endpoint = createMetricsEndpoint({ metrics, token: undefined, open: false });
  expect((await ask(endpoint, '/metrics', 'GET')).status).toBe(404);
  expect((await ask(endpoint, '/metrics', 'GET', bearer(''))).status).toBe(404);
});

describe('on a port of its own', () => {
  test('whoever reaches it reads', async () => {
    const server = await startMetricsServer({
      metrics,
      token: undefined,
      host: '127.0.0.1',
      port: 0,
      onError() {},
    });
    const at = { issuer: `http://127.0.0.1:${server.port}` };
    expect((await send(at, { method: 'GET', path: '/metrics' })).status).toBe(200);
    expect((await send(at, { method: 'GET', path: '/' })).status).toBe(404);
    await server.close();
    await expect(send(at, { method: 'GET', path: '/metrics' })).rejects.toThrow('ECONNREFUSED');
  });

  test('a token is asked for there too, if there is one', async () => {
    const server = await startMetricsServer({ metrics, token, host: '127.0.0.1', port: 0, onError() {} });
    const at = { issuer: `http://127.0.0.1:${server.port}` };
    expect((await send(at, { method: 'GET', path: '/metrics' })).status).toBe(401);
    expect((await send(at, { method: 'GET', path: '/metrics', headers: bearer(token) })).status).toBe(200);
    await server.close();
  });

  test('that is taken is said', async () => {
    const first = await startMetricsServer({ metrics, token, host: '127.0.0.1', port: 0, onError() {} });
    const second = startMetricsServer({ metrics, token, host: '127.0.0.1', port: first.port, onError() {} });
    await expect(second).rejects.toThrow('EADDRINUSE');
    await first.close();
  });
});
