import { createServer, type RequestListener, type Server } from 'node:http';

/** Milliseconds after which a slow or silent client is cut off; ample for the largest body the library takes (56 kB). */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 12_000;

/** Milliseconds for which nothing may be heard of a client that is sent something. Node looks twice before it believes it. */
const SILENCE = 15_000;

/** How often those two are looked at, in milliseconds; Node's own half a minute would double them. */
const CHECK_EVERY = 2000;

/**
 * How long a connection may stay open between two requests, in milliseconds: longer than the minute of usual proxies, or
 * they would send a request into a connection that is just being closed.
 */
const KEEP_ALIVE = 65_000;

/** Header lines that one request may have; browsers behind several proxies send fewer than fifty. */
const MOST_HEADERS = 100;

/** How often connections that became idle are closed while the process stops, in milliseconds. */
const SWEEP_EVERY = 50;

/** How long requests under way may take when the process is told to stop, in milliseconds. */
const DRAIN_TIMEOUT = 10_000;

/** Makes the HTTP server, with an end to everything that a client could draw out. */
export function createHttpServer(options: { listener: RequestListener; maxConnections: number }): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: CHECK_EVERY,
      keepAliveTimeout: KEEP_ALIVE,
      // The door refuses any other number of Host headers than one, and what stands behind such a request with it.
      requireHostHeader: false,
    },
    options.listener,
  );
  server.timeout = SILENCE;
  server.maxConnections = options.maxConnections;
  server.maxHeadersCount = MOST_HEADERS;
  return server;
}

/** Takes no new connections, lets requests under way finish and cuts off what takes too long. */
export async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // An answer that began before the stop still says keep-alive: its connection becomes idle only afterwards.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_EVERY);
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT).unref();
  await closed;
  clearTimeout(cut);
  clearInterval(sweep);
}
