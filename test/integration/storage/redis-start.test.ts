import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor, type Page } from '../../support/visitor.ts';

/** The first request after a start must not meet a session store that is only just being connected. */

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Something that listens in the place of Redis. @returns its URL */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(url: string): Promise<TestServer> {
  const server = await startServer({ REDIS_URL: url });
  closers.push(() => server.close());
  return server;
}

async function firstRequest({ issuer }: TestServer): Promise<Page> {
  const visitor = createVisitor(issuer);
  return visitor.follow(await visitor.get(authorisationRequest(issuer).url));
}

const real = process.env.REDIS_URL;
if (real === undefined) console.warn('A slow way to Redis is not tested: REDIS_URL is not set');

describe.skipIf(real === undefined)('a server whose way to Redis is slow', () => {
  test('takes the first person who comes', async () => {
    const { hostname, port } = new URL(String(real));
    const url = await listen(async (socket) => {
      await setTimeout(500);
      const there = connect(Number(port), hostname).on('error', () => socket.destroy());
      socket.pipe(there).pipe(socket);
    });
    const { status, html } = await firstRequest(await start(url));
    expect({ status, asked: html.includes('name="password"') }).toEqual({ status: 200, asked: true });
  });
});

describe('a server starts without Redis', () => {
  test('that nobody listens for', async () => {
    const server = await start(`redis://127.0.0.1:${await freePort()}`);
    expect((await firstRequest(server)).status).toBe(503);
    expect(await (await fetch(`${server.issuer}/health/ready`)).json()).toMatchObject({ redis: 'degraded' });
  });

  test('that takes connections and never answers', async () => {
    const server = await start(await listen(() => {}));
    expect((await firstRequest(server)).status).toBe(503);
  });
});
