import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

const digest = (text: string) => createHash('sha256').update(text).digest();

function answer(
  res: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
) {
  res.writeHead(status, {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Type': 'text/plain; charset=utf-8',
    ...headers,
  });
  res.end(body);
}

/**
 * Answers `GET /metrics`.
 *
 * @param token with it: who asks must bring it as a bearer token (RFC 6750), else 401
 * @param open without a token: whether anybody may ask. On a port that everybody reaches nobody may, and there is nothing: 404
 */
export function createMetricsEndpoint(options: {
  metrics: Metrics;
  token: string | undefined;
  open: boolean;
}): RequestListener {
  const { metrics, token, open } = options;
  const expected = token === undefined ? undefined : digest(token);

  function mayAsk({ headers }: IncomingMessage): boolean {
    if (expected === undefined) return true;
    const [, sent] = /^Bearer +([^ ]+) *$/i.exec(headers.authorization ?? '') ?? [];
    return sent !== undefined && timingSafeEqual(digest(sent), expected);
  }

  async function show(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { type, body } = await metrics.text();
    answer(res, 200, { 'Content-Type': type }, req.method === 'HEAD' ? '' : body);
  }

  return (req, res) => {
    const [path] = (req.url ?? '').split('?', 1);
    if (path !== '/metrics' || (expected === undefined && !open)) answer(res, 404, {}, 'not found\n');
    else if (req.method !== 'GET' && req.method !== 'HEAD') answer(res, 405, { Allow: 'GET, HEAD' }, '');
    else if (!mayAsk(req)) answer(res, 401, { 'WWW-Authenticate': 'Bearer realm="metrics"' }, '');
    else show(req, res).catch(() => answer(res, 500, {}, 'the metrics cannot be read\n'));
  };
}

/** Milliseconds after which a slow or silent client is cut off. */
const TIMEOUT = 10_000;

/** Answers `GET /metrics` on a port of its own. @throws when the port is taken */
export async function startMetricsServer(options: {
  metrics: Metrics;
  token: string | undefined;
  host: string;
  /** Receives faults of the listener once it listens. */
  onError: (error: Error) => void;
  /** 0: any that is free. */
  port: number;
}): Promise<{ readonly port: number; close(): Promise<void> }> {
  const listener = createMetricsEndpoint({ ...options, open: true });
  const server = createServer({ headersTimeout: TIMEOUT, requestTimeout: TIMEOUT }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners('error').on('error', options.onError);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
