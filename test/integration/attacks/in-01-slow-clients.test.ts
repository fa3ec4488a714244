import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, eventually, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openSocket, statusesOf } from './raw.ts';

/** Clients that take their time, so that connections and memory run out (slowloris and its kin). */

let server: TestServer;
let host: string;

beforeAll(async () => {
  server = await startServer();
  ({ host } = new URL(server.issuer));
});
afterAll(() => server.close());

/** Longest that such a connection may live, in seconds; what is over is for a busy machine. */
const CLOSED_WITHIN = 15 + 5;

const head = (line: string, ...lines: readonly string[]) =>
  [line, `Host: ${host}`, 'Content-Type: application/x-www-form-urlencoded', ...lines, ''].join('\r\n');
const post = (path: string, ...lines: readonly string[]) => `${head(`POST ${path} HTTP/1.1`, ...lines)}\r\n`;
const length = 'Content-Length: 100';
const chunked = 'Transfer-Encoding: chunked';

interface Slow {
  readonly story: string;
  /** What is said at once. */
  readonly first: () => string;
  /** What is said again and again afterwards, once a second. */
  readonly drip?: string;
}

const slow: readonly Slow[] = [
  { story: 'says nothing', first: () => '' },
  { story: 'says one letter', first: () => 'P' },
  { story: 'says empty lines', first: () => '', drip: '\r\n' },
  { story: 'says half a head', first: () => head('POST /token HTTP/1.1') },
  { story: 'says a head line by line', first: () => head('POST /token HTTP/1.1'), drip: 'A: b\r\n' },
  { story: 'says a header letter by letter', first: () => `${head('GET / HTTP/1.1')}A: `, drip: 'b' },
  { story: 'announces a body and says none', first: () => post('/token', length) },
  { story: 'says a body letter by letter', first: () => post('/token', length), drip: 'a' },
  { story: 'says a body chunk by chunk', first: () => post('/token', chunked), drip: '1\r\na\r\n' },
  { story: 'says a chunk extension', first: () => `${post('/token', chunked)}1;`, drip: 'a' },
  {
    story: 'says what comes behind the chunks',
    first: () => `${post('/token', chunked)}0\r\n`,
    drip: 'A: b\r\n',
  },
  { story: 'asks whether it may go on', first: () => post('/token', length, 'Expect: 100-continue') },
  { story: 'says a form of a page', first: () => post('/interaction/kete/sign-in', length), drip: 'a' },
  { story: 'says a form of the demonstration', first: () => post('/demo/connect', length), drip: 'a' },
  { story: 'says a body that nobody reads', first: () => post('/nowhere', length), drip: 'a' },
  { story: 'says a body to the health check', first: () => post('/health/live', length), drip: 'a' },
  // A connection that is kept alive for the next request may be silent, but not begin one and wait.
  { story: 'asked once, and says half a head', first: () => `${head('GET /jwks HTTP/1.1')}\r\nGET ` },
];

/** Holds a connection in one of these ways until the server closes it. */
function hold({ first, drip }: Slow): Promise<{ statuses: readonly number[]; seconds: number }> {
  const begun = performance.now();
  const socket = openSocket(server);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  socket.write(first());
  const tap = drip === undefined ? undefined : setInterval(() => socket.write(drip), 1000);
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearInterval(tap);
      resolve({ statuses: statusesOf(heard), seconds: (performance.now() - begun) / 1000 });
    });
  });
}

/** Whether a server takes no further connection. */
const isFull = ({ issuer }: TestServer) =>
  fetch(`${issuer}/health/live`, { headers: { Connection: 'close' } }).then(
    async (answer) => {
      await answer.text();
      return false;
    },
    () => true,
  );

// At the same time, because what they take is waiting.
describe.concurrent('IN-01 a slow client', () => {
  test('is cut off, however it is slow, and tokens are issued meanwhile', { timeout: 120_000 }, async () => {
    // Ten of each kind, so that they are many.
    const held = slow.flatMap((one) => Array.from({ length: 10 }, () => ({ one, ended: hold(one) })));
    const all = Promise.all(held.map(async ({ one, ended }) => ({ story: one.story, ...(await ended) })));
    const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
    const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
    for (let n = 0; n < 50; n += 1)
      expect(await send(server, form(grant, clinic))).toMatchObject({ status: 200 });
    const ends = await all;
    expect(ends.filter(({ seconds }) => seconds > CLOSED_WITHIN)).toEqual([]);
    for (const { story, statuses } of ends)
      if (/^says|^announces/.test(story)) expect([story, statuses.at(-1)]).toEqual([story, 408]);
  });

  test('that reads nothing of what it asked for is cut off, and makes room', {
    timeout: 120_000,
  }, async () => {
    const narrow = await startServer({ MAX_CONNECTIONS: '1' });
    try {
      const answer = await fetch(narrow.issuer, { headers: { Connection: 'close' } });
      const [sheet = ''] = /\/assets\/[^"]+\.css/.exec(await answer.text()) ?? [];
      const line = `GET ${sheet} HTTP/1.1\r\nHost: ${new URL(narrow.issuer).host}\r\n\r\n`;
      let socket: Socket | undefined;
      // Tried again where the connection of the request before is not quite over; more than the buffers on the way hold.
      await eventually(async () => {
        if (socket === undefined || socket.destroyed) {
          socket = openSocket(narrow).pause();
          socket.write(line.repeat(200));
        }
        return (await isFull(narrow)) || undefined;
      });
      await eventually(async () => !(await isFull(narrow)) || undefined, 60);
      socket?.destroy();
    } finally {
      await narrow.close();
    }
  });
});

describe('IN-01 connections', () => {
  test('beyond the limit are closed at once; the others are served, and make room', async () => {
    const MOST = 8;
    const small = await startServer({ MAX_CONNECTIONS: String(MOST) });
    const live = `GET /health/live HTTP/1.1\r\nHost: ${new URL(small.issuer).host}\r\n\r\n`;
    try {
      const held = Array.from({ length: MOST }, () => openSocket(small));
      await Promise.all(held.map((socket) => once(socket, 'connect')));
      await Promise.all(Array.from({ length: 50 }, () => once(openSocket(small), 'close')));
      for (const socket of held) {
        socket.write(live);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(answer.toString()).toContain('HTTP/1.1 200');
        socket.destroy();
      }
      const answered = await eventually(() => fetch(`${small.issuer}/health/live`).catch(() => undefined));
      expect(answered.status).toBe(200);
    } finally {
      await small.close();
    }
  });
});
