import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { register } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';

/** A client's own web server, which publishes its key set under any path. */
export interface KeySource {
  readonly port: number;
  /** `host:port` as OUTGOING_ALLOW wants it. */
  readonly allowed: string;
  url(path: string): string;
  /** What is answered under a path from now on. */
  serve(path: string, listener: RequestListener): void;
  /** Publishes the public halves of these keys under a path. */
  publish(path: string, ...keys: readonly JWK[]): void;
  /** How often a path was asked for. */
  asked(path: string): number;
  /** Goes out of reach: connections are refused until it starts again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

export async function createKeySource(): Promise<KeySource> {
  const listeners = new Map<string, RequestListener>();
  const counts = new Map<string, number>();
  const answer: RequestListener = (req, res) => {
    const path = req.url ?? '';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const listener = listeners.get(path);
    if (listener === undefined) res.writeHead(404).end();
    else listener(req, res);
  };
  let server = createServer(answer);
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    allowed: `127.0.0.1:${port}`,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    serve: (path, listener) => void listeners.set(path, listener),
    publish(path, ...keys) {
      listeners.set(path, (_req, res) => {
        res.setHeader('Content-Type', 'application/json');
        res.end(keySet(...keys));
      });
    },
    asked: (path) => counts.get(path) ?? 0,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
    async start() {
      server = createServer(answer);
      await listen(server, port);
    },
  };
}

/** A key set (RFC 7517) with the public halves of these keys. */
export function keySet(...keys: readonly JWK[]): string {
  return JSON.stringify({ keys: keys.map(({ d: _d, ...publicHalf }) => publicHalf) });
}

/** A key pair as a client keeps it. */
export async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES384', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg: 'ES384', use: 'sig', kid: await calculateJwkThumbprint(jwk) };
}

/** Registers a client of Fernhill whose key set is found at the path that is returned. */
export async function registerPublisher(
  server: TestServer,
  source: KeySource,
  clientId: string,
): Promise<string> {
  const path = `/${clientId}/jwks`;
  await register(server, {
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES384',
    jwks_uri: source.url(path),
    grant_types: ['client_credentials'],
    organization: 'fernhill',
    apis: { 'reasonable-adjustments': 'system/Flag.read' },
  });
  return path;
}
