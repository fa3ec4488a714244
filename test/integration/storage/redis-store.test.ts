import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createRedisStore } from '../../../src/oidc/storage/index.ts';
import { arohas, fresh, LIFE } from './artefacts.ts';
import { describeContract, volatileModels } from './contract.ts';
import { describeFound } from './found.ts';

const url = process.env.REDIS_URL;
if (url === undefined) console.warn('The Redis store is not tested: REDIS_URL is not set');

describe.skipIf(url === undefined)('the Redis store', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(String(url), { maxRetriesPerRequest: 1 });
  });
  afterAll(() => redis.disconnect());

  const store = () => createRedisStore({ redis, clock: systemClock });

  /** The keys of one artefact, whatever the store calls them, with what is left of their lives in ms. */
  async function keysOf(id: string): Promise<Map<string, number>> {
    const names = await redis.keys(`*${id}*`);
    return new Map(await Promise.all(names.map(async (name) => [name, await redis.pttl(name)] as const)));
  }

  describeContract(store, volatileModels);
  describeFound(store);

  test.each(volatileModels)('gives every key of a %s a time to live', async (model) => {
    const [id, uid] = [fresh('id'), fresh('uid')];
    await store().put(model, id, arohas({ uid }));
    await store().consume(model, id);
    const lives = [...(await keysOf(id)), ...(await keysOf(uid))];
    expect(lives).toHaveLength(2);
    for (const [name, left] of lives) {
      expect(left, name).toBeGreaterThan(0);
      expect(left, name).toBeLessThanOrEqual(LIFE * 1000);
    }
  });

  test('has left no key without a time to live anywhere', async () => {
    const names = await redis.keys('assent:*');
    const lives = await Promise.all(names.map(async (name) => [name, await redis.pttl(name)] as const));
    // -1 is Redis's answer for "for ever"; -2 is a key that has just gone.
    expect(lives.filter(([, left]) => left === -1)).toEqual([]);
  });

  test('does not lengthen or cut a life by consuming', async () => {
    const id = fresh('id');
    await store().put('PushedAuthorizationRequest', id, arohas());
    const [before] = (await keysOf(id)).values();
    await store().consume('PushedAuthorizationRequest', id);
    const [after] = (await keysOf(id)).values();
    expect(after).toBeLessThanOrEqual(Number(before));
    expect(after).toBeGreaterThan(LIFE * 1000 - 10_000);
  });

  test('F-06 keeps what it is and that it was used in one key: neither goes without the other', async () => {
    const id = fresh('id');
    await store().put('PushedAuthorizationRequest', id, arohas());
    await store().consume('PushedAuthorizationRequest', id);
    const longer = arohas({ expiresAt: new Date(Date.now() + 10 * LIFE * 1000) });
    await store().put('PushedAuthorizationRequest', id, longer);
    const keys = [...(await keysOf(id)).entries()];
    expect(keys).toHaveLength(1);
    expect(keys[0]?.[1]).toBeGreaterThan(9 * LIFE * 1000);
    expect(await store().consume('PushedAuthorizationRequest', id)).toBe(false);
  });

  test('refuses to keep what never expires', async () => {
    const id = fresh('id');
    await expect(store().put('Session', id, arohas({ expiresAt: undefined }))).rejects.toThrow(/must expire/);
    expect(await keysOf(id)).toEqual(new Map());
  });

  test('says that the service is not available, and no more, when Redis does not answer', async () => {
    const lost = new Redis('redis://127.0.0.1:1', { maxRetriesPerRequest: 0, retryStrategy: () => null });
    lost.on('error', () => {});
    const broken = createRedisStore({ redis: lost, clock: systemClock });
    const unavailable = {
      code: 'redis_unavailable',
      statusCode: 503,
      message: expect.not.stringContaining('127.0.0.1'),
    };
    await expect(broken.find('Session', 'any')).rejects.toMatchObject(unavailable);
    await expect(broken.put('Session', 'any', arohas())).rejects.toMatchObject(unavailable);
    await expect(broken.consume('Session', 'any')).rejects.toMatchObject(unavailable);
    lost.disconnect();
  });
});
