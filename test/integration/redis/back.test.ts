import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchange } from '../../support/visitor.ts';
import { isSignedIn } from '../pages/leaving.ts';
import { begin, responseOf } from '../pages/steps.ts';
import { needsRedis, type OwnRedis, startOwnRedis } from './own-redis.ts';
import {
  beginEverything,
  headingOf,
  pushAnother,
  redisHealth,
  signingIn,
  signingOut,
  type UnderWay,
} from './under-way.ts';

if (needsRedis) console.warn(`The way back of Redis is not tested: ${needsRedis}`);

const isWell = (server: TestServer) =>
  eventually(async () => ((await redisHealth(server)) === '200 ok' ? true : undefined));

const isAway = (server: TestServer) =>
  eventually(async () => ((await redisHealth(server)) === '200 degraded' ? true : undefined));

/** Everything that was in the middle of something, in a server whose Redis went away and came back. */
function afterAnOutage(outage: (redis: OwnRedis, server: TestServer) => Promise<unknown>): {
  readonly redis: OwnRedis;
  readonly server: TestServer;
  readonly underWay: UnderWay;
} {
  let redis: OwnRedis;
  let server: TestServer;
  let underWay: UnderWay;
  beforeAll(async () => {
    redis = await startOwnRedis();
    server = await startServer({ REDIS_URL: redis.url });
    underWay = await beginEverything(server);
    await outage(redis, server);
    await isWell(server);
  });
  afterAll(async () => {
    await server?.close();
    await redis?.close();
  });
  return {
    get redis() {
      return redis;
    },
    get server() {
      return server;
    },
    get underWay() {
      return underWay;
    },
  };
}

async function losesEverything(redis: OwnRedis, server: TestServer): Promise<void> {
  await redis.kill();
  await isAway(server);
  await redis.start();
}

describe.skipIf(needsRedis).each([
  ['was restarted empty', losesEverything],
  ['was emptied', (redis: OwnRedis) => redis.ask((commands) => commands.flushall())],
])('F-06 after Redis %s, without anybody doing anything', (_, outage) => {
  const after = afterAnOutage(outage);

  const lost = Object.entries(signingIn).filter(([name]) => !/authorisation request|prompt=none/.test(name));
  test.each(lost)('%s cannot be gone on with, and says: start again', async (name, visitPage) => {
    const page = await visitPage(after.underWay);
    expect({ status: page.status, location: page.location }).toEqual({ status: 400 });
    if (name !== 'a pushed request') expect(page.html).toContain('start again');
  });

  test('she is simply signed out', async () => {
    const { server, underWay } = after;
    const asked = await begin(server, { visitor: underWay.signedIn.copy() });
    expect([asked.page.status, headingOf(asked.page)]).toEqual([200, 'Sign in']);
    const silent = await begin(server, { visitor: underWay.signedIn.copy(), change: { prompt: 'none' } });
    expect(responseOf(silent.page).get('error')).toBe('login_required');
  });

  test.each(Object.entries(signingOut))('%s is no fault', async (_name, visitPage) => {
    expect((await visitPage(after.underWay)).status).toBeLessThan(500);
  });

  test('signing in, consenting, pushing and staying signed in work as ever', async () => {
    const { server, underWay } = after;
    const authorised = await authorise(server);
    await exchange(server, authorised);
    expect(await isSignedIn(server, authorised.visitor)).toBe(true);
    expect(await pushAnother(underWay)).toMatchObject({ status: 201 });
  });

  test('what she was given before is good: it is not kept there', async () => {
    await exchange(after.server, after.underWay.code);
  });
});

describe.skipIf(needsRedis)('F-06 after Redis was silent for a while', () => {
  const after = afterAnOutage(async (redis, server) => {
    redis.freeze();
    await isAway(server);
    redis.thaw();
  });

  test('she is signed in still', async () => {
    expect(await isSignedIn(after.server, after.underWay.signedIn)).toBe(true);
  });

  test.each([
    ['the sign-in page', 200, 'Sign in'],
    ['the consent page', 200, 'Do you want to let Kete Health use your health record?'],
  ])('%s is there', async (name, status, heading) => {
    const page = await signingIn[name]?.(after.underWay);
    expect([page?.status, page && headingOf(page)]).toEqual([status, heading]);
  });

  test.each([
    'the form of the sign-in page',
    'the form of the consent page',
    'the redirect after the password',
    'a pushed request',
  ])('%s leads on', async (name) => {
    const page = await signingIn[name]?.(after.underWay);
    expect([page?.status, page?.location]).toEqual([303, expect.any(String)]);
  });
});
