import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest } from '../../support/visitor.ts';
import { visit } from '../pages/steps.ts';
import { needsRedis, type OwnRedis, startOwnRedis } from './own-redis.ts';
import {
  beginEverything,
  expectUnavailable,
  goingOn,
  NOTHING_HANGS,
  redisHealth,
  signingIn,
  signingOut,
  type UnderWay,
  waiting,
} from './under-way.ts';

if (needsRedis) console.warn(`The loss of Redis is not tested: ${needsRedis}`);

const ways: readonly (readonly [name: string, lose: (redis: OwnRedis) => unknown])[] = [
  ['is killed', (redis) => redis.kill()],
  ['falls silent', (redis) => redis.freeze()],
];

describe.skipIf(needsRedis).each(ways)('F-06 when Redis %s', (_, lose) => {
  let redis: OwnRedis;
  let server: TestServer;
  let underWay: UnderWay;

  beforeAll(async () => {
    redis = await startOwnRedis();
    server = await startServer({ REDIS_URL: redis.url });
    underWay = await beginEverything(server);
    await lose(redis);
  });
  afterAll(async () => {
    await server?.close();
    await redis?.close();
  });

  test.each(Object.entries(goingOn))('%s goes on', { timeout: NOTHING_HANGS }, async (name, ask) => {
    const { status, body } = await ask(underWay);
    expect({ status, body }).toMatchObject({ status: 200 });
    if (name.startsWith('introspection')) expect(JSON.parse(body)).toMatchObject({ active: true });
  });

  test.each(Object.entries(signingIn))(
    '%s is answered by: start again',
    {
      timeout: NOTHING_HANGS,
    },
    async (_name, visitPage) => {
      const page = await visitPage(underWay);
      expectUnavailable(page, 'You need to start again');
      expect(page.html).toContain('go back to the application you came from and start again');
    },
  );

  test('the page leads back to the application, where that is known', async () => {
    for (const name of ['an authorisation request', 'a pushed request']) {
      const page = await signingIn[name]?.(underWay);
      expect(page?.html, name).toContain('Go back to Kete Health');
      expect(page?.html, name).toContain(`href="${server.issuer}/demo"`);
    }
    const url = authorisationRequest(server.issuer, { client_id: 'nobody' }).url;
    const page = await underWay.signedIn.copy().get(url);
    expect(page.status).toBe(503);
    expect(page.html).not.toContain('Go back to');
  });

  test('prompt=none says that nobody is signed in only to a browser in which nobody can be', async () => {
    const request = authorisationRequest(server.issuer, { prompt: 'none' });
    const { location } = await visit(server).get(request.url);
    expect(new URL(String(location)).searchParams.get('error')).toBe('login_required');
  });

  test.each(Object.entries(signingOut))(
    '%s does not say that she is signed out',
    {
      timeout: NOTHING_HANGS,
    },
    async (_name, visitPage) => {
      const page = await visitPage(underWay);
      expectUnavailable(page, 'Sorry, this is not working just now');
    },
  );

  test.each(Object.entries(waiting))(
    '%s is refused for now, as a machine reads it',
    {
      timeout: NOTHING_HANGS,
    },
    async (_name, ask) => {
      const used = () =>
        server.sql('SELECT count(*)::integer FROM oidc_artefacts WHERE consumed_at IS NOT NULL');
      const before = await used();
      for (let time = 1; time <= 2; time += 1) {
        const { status, headers, body } = await ask(underWay);
        expect({ status, wait: headers['retry-after'] }).toEqual({ status: 503, wait: '1' });
        expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable' });
      }
      expect(await used(), 'nothing is used up').toEqual(before);
    },
  );

  test('health says so, and the node is ready and alive', { timeout: NOTHING_HANGS }, async () => {
    expect(await redisHealth(server)).toBe('200 degraded');
    expect((await fetch(`${server.issuer}/health/live`)).status).toBe(200);
  });

  test('no fault was unexpected', () => {
    const unexpected = server.logLines.filter((line) => line.includes('"kind":"unexpected"'));
    expect(unexpected).toEqual([]);
  });
});
