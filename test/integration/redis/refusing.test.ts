import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchange } from '../../support/visitor.ts';
import { isSignedIn } from '../pages/leaving.ts';
import { needsRedis, type OwnRedis, startOwnRedis } from './own-redis.ts';
import {
  beginEverything,
  expectUnavailable,
  goingOn,
  NOTHING_HANGS,
  pushAnother,
  redisHealth,
  signingIn,
  type UnderWay,
} from './under-way.ts';

if (needsRedis) console.warn(`A Redis that keeps nothing is not tested: ${needsRedis}`);

interface Refusal {
  readonly begin: (redis: Redis) => Promise<unknown>;
  readonly end: (redis: Redis) => Promise<unknown>;
}

/** A sign-in that was begun is found still: each request goes on until it has something to keep. */
const refusals: readonly (readonly [name: string, refusal: Refusal])[] = [
  [
    'is full',
    {
      begin: (redis) => redis.config('SET', 'maxmemory', '1'),
      end: (redis) => redis.config('SET', 'maxmemory', '0'),
    },
  ],
  [
    'has become a replica',
    {
      begin: (redis) => redis.replicaof('127.0.0.1', 1),
      end: (redis) => redis.replicaof('NO', 'ONE'),
    },
  ],
  [
    'answers nothing but questions',
    {
      begin: (redis) => redis.client('PAUSE', 600_000, 'WRITE'),
      end: (redis) => redis.client('UNPAUSE'),
    },
  ],
];

/** What has something to keep. A second answer to the consent page has not: the first was written down. */
const keeping = new Set([
  'an authorisation request',
  'an authorisation request of somebody signed in',
  'prompt=none of somebody signed in',
  'a pushed request',
  'the form of the sign-in page',
  'the way back from the sign-in page',
  'the form of the consent page',
  'the redirect after the password',
]);

describe.skipIf(needsRedis).each(refusals)('F-06 while Redis %s', (_, { begin, end }) => {
  let redis: OwnRedis;
  let server: TestServer;
  let underWay: UnderWay;

  beforeAll(async () => {
    redis = await startOwnRedis();
    server = await startServer({ REDIS_URL: redis.url });
    underWay = await beginEverything(server);
    await redis.ask(begin);
  });
  afterAll(async () => {
    await server?.close();
    await redis?.close();
  });

  test('health says so', { timeout: NOTHING_HANGS }, async () => {
    expect(await redisHealth(server)).toBe('200 degraded');
  });

  test.each(Object.entries(goingOn))('%s goes on', { timeout: NOTHING_HANGS }, async (_name, ask) => {
    expect(await ask(underWay)).toMatchObject({ status: 200 });
  });

  test.each(Object.entries(signingIn))(
    '%s goes on, or is answered by: start again',
    {
      timeout: NOTHING_HANGS,
    },
    async (name, visitPage) => {
      const page = await visitPage(underWay);
      if (keeping.has(name) || page.status >= 400) expectUnavailable(page, 'You need to start again');
    },
  );

  test('a pushed request is refused for now', { timeout: NOTHING_HANGS }, async () => {
    expect(await pushAnother(underWay)).toMatchObject({ status: 503 });
  });

  test('and afterwards everything is as before, by itself', async () => {
    await redis.ask(end);
    await eventually(async () => ((await redisHealth(server)) === '200 ok' ? true : undefined));
    expect(await isSignedIn(server, underWay.signedIn)).toBe(true);
    await exchange(server, await authorise(server));
  });
});
