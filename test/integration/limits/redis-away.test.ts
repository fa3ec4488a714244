import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createLimitStore, createSignInGuard } from '../../../src/limits/index.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/fixtures.ts';
import { openRedis, openWay, redisDatabase, redisUrl, type Way } from './stores.ts';

describe.skipIf(redisUrl === undefined)('F-06 without Redis for a while', () => {
  let database: TestDatabase;
  let way: Way;
  let redis: Redis;
  let unique = 0;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.db.close());
  beforeEach(async () => {
    way = await openWay(redisDatabase(10));
    redis = await openRedis(way.url);
  });
  afterEach(async () => {
    redis.disconnect();
    await way.close();
  });

  /** A guard on the broken way, of a system that no other test is. Whatever it lets through fails. */
  function guardOf(): { attempt(): Promise<'leave' | 'wait'> } {
    unique += 1;
    const { attempt } = createSignInGuard({
      store: createLimitStore({ redis, db: database.db, clock: systemClock }),
      clock: systemClock,
      issuer: `http://away-${process.pid}-${unique}.example.test`,
      key: 'the key of the tests',
      onLimited: async () => {},
    });
    const sent = { identifier: 'aroha@example.test', source: '192.0.2.7', known: undefined };
    return {
      async attempt() {
        const answer = await attempt(sent);
        if ('retryAfter' in answer) return 'wait';
        await answer.failed();
        return 'leave';
      },
    };
  }

  const limited = ['leave', 'leave', 'leave', 'leave', 'wait'];

  async function five({ attempt }: ReturnType<typeof guardOf>): Promise<string[]> {
    const answers: string[] = [];
    for (let n = 0; n < 5; n += 1) answers.push(await attempt());
    return answers;
  }

  test('tries are counted in memory: nobody is kept out, and nobody guesses without end', async () => {
    const guard = guardOf();
    await guard.attempt();
    way.become('cut');
    await eventually(async () => (redis.status === 'ready' ? undefined : true));
    expect(await five(guard)).toEqual(limited);
    expect((await Promise.all(Array.from({ length: 50 }, guard.attempt))).includes('leave')).toBe(false);
  });

  test('fifty at once in the moment in which it goes: no more than the counts of before and after', async () => {
    const guard = guardOf();
    const answers = Promise.all(Array.from({ length: 50 }, guard.attempt));
    way.become('cut');
    expect((await answers).filter((answer) => answer === 'leave').length).toBeLessThanOrEqual(20);
    expect(await guard.attempt()).toBe('wait');
  });

  test('the same where it takes connections and does not answer', async () => {
    const guard = guardOf();
    way.become('silent');
    expect(await five(guard)).toEqual(limited);
  });

  test('afterwards what it still knows counts again', async () => {
    const guard = guardOf();
    expect(await five(guard)).toEqual(limited);
    way.become('cut');
    await eventually(async () => (redis.status === 'ready' ? undefined : true));
    await guard.attempt();
    way.become('open');
    await eventually(async () => (redis.status === 'ready' ? true : undefined));
    expect(await guard.attempt()).toBe('wait');
  });
});
