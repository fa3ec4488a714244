import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow, authorise, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { push } from '../authorisation/pushing.ts';
import { begin, press, visit } from '../pages/steps.ts';
import { needsRedis, type OwnRedis, startOwnRedis } from './own-redis.ts';
import { redisHealth } from './under-way.ts';

if (needsRedis) console.warn(`What is used once is not tested with a Redis that is lost: ${needsRedis}`);

const codeOf = (page: Page) =>
  page.location === undefined ? null : new URL(page.location).searchParams.get('code');

describe.skipIf(needsRedis)('F-06 what was used once', () => {
  let redis: OwnRedis;
  let server: TestServer;
  let aroha: Visitor;

  beforeAll(async () => {
    redis = await startOwnRedis();
    server = await startServer({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await server?.close();
    await redis?.close();
  });

  const says = (state: string) =>
    eventually(async () => ((await redisHealth(server)) === `200 ${state}` ? true : undefined));

  async function signIn(): Promise<void> {
    ({ visitor: aroha } = await authorise(server, { visitor: visit(server) }));
  }

  async function restartEmpty(): Promise<void> {
    await redis.kill();
    await says('degraded');
    await redis.start();
    await says('ok');
  }

  async function beSilent(): Promise<void> {
    redis.freeze();
    await says('degraded');
    redis.thaw();
    await says('ok');
  }

  const outages = [
    ['was restarted empty', restartEmpty],
    ['was silent', beSilent],
    ['was emptied', () => redis.ask((commands) => commands.flushall())],
  ] as const;

  test.each(outages)('a pushed request, is not good again after Redis %s', async (_, outage) => {
    await signIn();
    const { url } = await push(server);
    expect(codeOf(await aroha.get(url))).not.toBeNull();
    await outage();
    // Nobody is signed in any more, perhaps: she signs in again, and then there is nothing to go on with.
    const again = await aroha.get(url);
    expect([again.status, codeOf(again)]).toEqual([400, null]);
  });

  test.each(outages)('a way back from a page, is not good again after Redis %s', async (_, outage) => {
    await signIn();
    const { page } = await begin(server, { visitor: aroha, change: { prompt: 'consent' } });
    const answered = await press(aroha, page, 'allow');
    const before = aroha.copy();
    expect(codeOf(await aroha.follow(answered))).not.toBeNull();
    await outage();
    const again = await before.get(String(answered.location));
    expect([again.status, codeOf(again)]).toEqual([400, null]);
  });

  test('a pushed request, used while Redis is silent, gives one code at most when all is over', async () => {
    await signIn();
    const { url } = await push(server);
    redis.freeze();
    expect((await aroha.copy().get(url)).status).toBe(503);
    redis.thaw();
    await says('ok');
    const answers = await Promise.all(Array.from({ length: 10 }, () => aroha.copy().get(url)));
    expect(answers.filter((page) => codeOf(page) !== null).length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  test('a consent that was written down while Redis could not keep the answer, is gone on with or asked for again', async () => {
    await signIn();
    const { page } = await begin(server, { visitor: aroha, change: { prompt: 'consent' } });
    await redis.ask((commands) => commands.config('SET', 'maxmemory', '1'));
    const { action, fields } = formTo(page, '/consent');
    expect((await aroha.post(action, [...fields, ['decision', 'allow']])).status).toBe(503);
    await redis.ask((commands) => commands.config('SET', 'maxmemory', '0'));
    await says('ok');
    const codes = [codeOf(await allow(aroha, page)), codeOf(await allow(aroha, page))];
    expect(codes.filter((code) => code !== null).length).toBeLessThanOrEqual(1);
    const { code } = await authorise(server, { visitor: aroha });
    expect(codes).not.toContain(code);
  });
});
