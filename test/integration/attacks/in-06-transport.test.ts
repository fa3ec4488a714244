import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { basic, form, register, type Sent, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { keySet, newKey } from '../token-endpoint/key-source.ts';
import { selfSigned } from './certificate.ts';

/** TLS ends at the proxy in front; what Assent itself says of it, and what it demands of others. */

const host = 'auth.example.test';
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

let server: TestServer;
/** A node behind a proxy that ends TLS. */
let secure: TestNode;

beforeAll(async () => {
  server = await startServer();
  secure = await startNode(server, { ISSUER: `https://${host}`, TRUST_PROXY: '127.0.0.1,::1' });
});
afterAll(async () => {
  await secure.close();
  await server.close();
});

/** Sends a request as the proxy does that was reached over this scheme. */
const over = (scheme: 'http' | 'https', { headers, ...sent }: Sent) =>
  send(secure, { ...sent, headers: { Host: host, 'X-Forwarded-Proto': scheme, ...headers } });

const paths = [
  ...['/', '/auth', '/auth/x', '/token', '/request', '/me', '/jwks', '/session/end', '/token/introspection'],
  ...['/token/revocation', '/.well-known/openid-configuration', '/interaction/x', '/assets/x', '/nowhere'],
];

describe('IN-06 over https', () => {
  test.for(paths)('%s promises it for a year, whatever is asked and answered', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE'])
      for (const Accept of ['text/html', 'application/json']) {
        const { headers } = await over('https', { method, path, headers: { Accept } });
        const [, seconds] = /^max-age=(\d+)/.exec(String(headers['strict-transport-security'])) ?? [];
        expect([method, Number(seconds)]).toEqual([method, 365 * 24 * 3600]);
      }
  });

  test('a token is issued, and its answer promises it too', async () => {
    const answer = await over('https', form(grant, clinic));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
  });
});

describe('IN-06 over http', () => {
  test.for(paths)('%s is refused, and leads nowhere: what was sent is in the open already', async (path) => {
    for (const method of ['GET', 'POST']) {
      const answer = await over('http', { method, path });
      expect(answer).toMatchObject({ status: 400 });
      expect(answer.headers.location).toBeUndefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  test('no token is issued, though the secret is right', async () => {
    const issued = () => server.sql(`SELECT id FROM audit_events WHERE type = 'token.issued'`);
    const before = await issued();
    const answer = await over('http', form(grant, clinic));
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body).not.toContain('access_token');
    expect(await issued()).toEqual(before);
  });
});

describe('IN-06 who is called', () => {
  const trusted = selfSigned('127.0.0.1', 30);
  const elsewhere = selfSigned('192.0.2.1', 30);
  const runOut = selfSigned('127.0.0.1', -30);
  const before = tls.getCACertificates('default');
  let key: JWK;

  beforeAll(async () => {
    tls.setDefaultCACertificates([...before, trusted.cert, elsewhere.cert, runOut.cert]);
    key = await newKey();
  });
  afterAll(() => tls.setDefaultCACertificates(before));

  /** Publishes the key over TLS; gives the answer to a client that names it, and how often the key was asked for. */
  async function askFor(
    clientId: string,
    options: ServerOptions,
  ): Promise<{ status: number; asked: number }> {
    let asked = 0;
    const source: Server = createServer(options, (_req, res) => {
      asked += 1;
      res.setHeader('Content-Type', 'application/json').end(keySet(key));
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
    const { port } = source.address() as AddressInfo;
    const caller = await startNode(server, { OUTGOING_ALLOW: `127.0.0.1:${port}` });
    try {
      await register(server, {
        client_id: clientId,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `https://127.0.0.1:${port}/jwks`,
        grant_types: ['client_credentials'],
        organization: 'fernhill',
        apis: { 'reasonable-adjustments': 'system/Flag.read' },
      });
      const jwt = await assertion(key, clientId, server.issuer);
      return { status: (await send(caller, form({ ...grant, ...assertionForm(jwt) }))).status, asked };
    } finally {
      await caller.close();
      await new Promise((resolve) => source.close(resolve));
    }
  }

  test('has a certificate that is trusted, in its own name and of today', async () => {
    expect(await askFor('well-known', trusted)).toEqual({ status: 200, asked: 1 });
  });

  test.for<[string, string, ServerOptions]>([
    ['with a certificate of nobody who is trusted', 'unknown', selfSigned('127.0.0.1', 30)],
    ['with a certificate in another name', 'misnamed', elsewhere],
    ['with a certificate that has run out', 'late', runOut],
    [
      'that knows no more than TLS 1.1',
      'old-fashioned',
      { ...trusted, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    ],
  ])('is not a server %s: it is asked nothing', async ([, clientId, options]) => {
    expect(await askFor(clientId, options)).toEqual({ status: 401, asked: 0 });
  });
});
