import type Koa from 'koa';
import { expect, test } from 'vitest';
import { createSessions } from '../../../src/demo/kete/session.ts';
import { get } from '../web/get.ts';
import { connection } from './samples.ts';

let time = 1_764_000_000_000;
const clock = { now: () => new Date(time), seconds: () => time / 1000 };
const sessions = createSessions({ clock, secure: true });

/** What a request sees of its session; `/open` begins one with a connection, `/end` ends it. */
const middleware: Koa.Middleware = (ctx) => {
  if (ctx.path === '/open') sessions.open(ctx).connection = connection;
  if (ctx.path === '/end') sessions.end(ctx);
  ctx.body = sessions.find(ctx)?.connection?.patient ?? 'nobody';
};

async function open(): Promise<string> {
  const answer = await get(middleware, '/open');
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const who = async (cookie: string) => (await get(middleware, '/', { cookie })).text();

test('behind https the cookie is secure, even where TLS ends at a proxy', async () => {
  const answer = await get(middleware, '/open');
  expect(answer.headers.get('set-cookie')).toMatch(
    /^kete=[\w-]{43}; path=\/demo; samesite=lax; secure; httponly$/,
  );
});

test('a session lasts an hour and no longer', async () => {
  const cookie = await open();
  time += 3_599_000;
  expect(await who(cookie)).toBe('p-wiremu');
  time += 2000;
  expect(await who(cookie)).toBe('nobody');
});

test('an ended session is empty, and its cookie is taken back', async () => {
  const cookie = await open();
  const answer = await get(middleware, '/end', { cookie });
  expect(answer.headers.get('set-cookie')).toMatch(/^kete=; path=\/demo; expires=Thu, 01 Jan 1970/);
  expect(await who(cookie)).toBe('nobody');
});

test('the thousand and first session pushes out the oldest', async () => {
  const first = await open();
  for (let count = 1; count < 1000; count++) await open();
  expect(await who(first)).toBe('p-wiremu');
  const second = await open();
  for (let count = 1; count < 1000; count++) await open();
  expect(await who(second)).toBe('p-wiremu');
  expect(await who(first)).toBe('nobody');
});
