import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { connectRedis, createMessages, type RedisConnection, takesWrites } from '../../../src/redis.ts';
import { eventually } from '../../support/fixtures.ts';
import { freePort } from '../../support/server.ts';
import { needsRedis, type OwnRedis, startOwnRedis } from './own-redis.ts';

if (needsRedis) console.warn(`The connection to Redis is not tested: ${needsRedis}`);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function own(...parameters: string[]): Promise<OwnRedis> {
  const redis = await startOwnRedis(parameters);
  closers.push(() => redis.close());
  return redis;
}

/** Messages of the log, at level `warn` and `info`. */
const said: string[] = [];

async function connect(url: string): Promise<RedisConnection> {
  said.length = 0;
  const log = pino({}, { write: (line: string) => void said.push(JSON.parse(line).msg) });
  const redis = await connectRedis(url, log);
  if (redis === undefined) throw new Error('nothing is configured');
  closers.push(() => redis.disconnect());
  return redis;
}

const ready = (redis: RedisConnection) =>
  eventually(async () => ((await takesWrites(redis)) ? true : undefined));

const away = (redis: RedisConnection) =>
  eventually(async () => ((await takesWrites(redis)) ? undefined : true));

const silent = pino({ level: 'silent' });

describe.skipIf(needsRedis)('F-06 the connection to Redis', () => {
  test('stands when it is handed over, and there is none where none is configured', async () => {
    expect(await takesWrites(await connect((await own()).url))).toBe(true);
    expect(said).toEqual([]);
    expect(await connectRedis(undefined, silent)).toBeUndefined();
  });

  test('comes back by itself, and each outage is told once at its beginning and once at its end', async () => {
    const server = await own();
    const redis = await connect(server.url);
    for (let outage = 0; outage < 2; outage += 1) {
      await server.kill();
      for (let count = 0; count < 50; count += 1) await takesWrites(redis);
      await eventually(async () => (redis.status === 'reconnecting' ? true : undefined));
      await server.start();
      await ready(redis);
    }
    const whole = ['Redis is not reachable', 'Redis is reachable again'];
    expect(said).toEqual([...whole, ...whole]);
  });

  test('that is silent is given up: what waits fails, what comes after it at once, and both are told as one outage', async () => {
    const server = await own();
    const redis = await connect(server.url);
    server.freeze();
    const waiting = await Promise.allSettled([redis.get('a'), redis.set('b', '1'), redis.ping()]);
    expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(redis.get('a')).rejects.toThrow();
    server.thaw();
    await ready(redis);
    expect(said).toEqual(['Redis is not reachable', 'Redis is reachable again']);
  });

  test('is not given up because this process was busy', async () => {
    const redis = await connect((await own()).url);
    const asked = Promise.all([redis.set('lullaby', 'hine e hine'), redis.get('lullaby')]);
    const until = performance.now() + 2500;
    while (performance.now() < until);
    await setImmediate();
    expect(await asked).toEqual(['OK', 'hine e hine']);
    expect(said).toEqual([]);
  });

  test('never sends a second time what may have been done', async () => {
    const server = await own();
    const redis = await connect(server.url);
    await redis.set('count', '0');
    server.freeze();
    await expect(redis.incr('count')).rejects.toThrow();
    server.thaw();
    await ready(redis);
    expect(['0', '1']).toContain(await redis.get('count'));
  });

  test.each([
    ['is killed', (server: OwnRedis) => server.kill()],
    ['is silent', (server: OwnRedis) => server.freeze()],
    ['is full', (server: OwnRedis) => server.ask((commands) => commands.config('SET', 'maxmemory', '1'))],
    ['is a replica', (server: OwnRedis) => server.ask((commands) => commands.replicaof('127.0.0.1', 1))],
  ])('does not take what is to be kept when Redis %s', async (_, lose) => {
    const server = await own();
    const redis = await connect(server.url);
    await lose(server);
    await away(redis);
  });

  test('says so where Redis may evict what is not over', async () => {
    const evicting = await own('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    await connect(evicting.url);
    await eventually(async () => (said.length > 0 ? true : undefined));
    expect(said).toEqual(['Redis may evict counters and sessions: set its maxmemory-policy to noeviction']);
  });
});

describe.skipIf(needsRedis)('F-06 messages from node to node', () => {
  /** One node of two: what it has heard, and how it tells. */
  async function node(url: string) {
    const redis = await connect(url);
    const messages = createMessages({ redis, log: silent });
    closers.push(() => messages.close());
    const heard = { count: 0 };
    messages.on('revocations', () => {
      heard.count += 1;
    });
    return { redis, messages, heard };
  }

  /** Tells until the other has heard: a subscription takes its time to stand. */
  async function expectHeard(from: Awaited<ReturnType<typeof node>>, to: Awaited<ReturnType<typeof node>>) {
    const before = to.heard.count;
    await eventually(async () => {
      await from.messages.publish('revocations');
      return to.heard.count > before ? true : undefined;
    });
  }

  test('arrive, at the node that tells, too', async () => {
    const { url } = await own();
    const [one, other] = [await node(url), await node(url)];
    await expectHeard(one, other);
    await expectHeard(other, one);
    await expectHeard(one, one);
  });

  test.each([
    ['restarted', (server: OwnRedis) => server.kill(), (server: OwnRedis) => server.start()],
    ['silent', (server: OwnRedis) => server.freeze(), (server: OwnRedis) => server.thaw()],
  ])(
    'are lost while Redis is being %s, without a fault, and arrive again afterwards',
    async (_, begin, end) => {
      const server = await own();
      const [one, other] = [await node(server.url), await node(server.url)];
      await expectHeard(one, other);
      await begin(server);
      await away(one.redis);
      await one.messages.publish('revocations');
      await end(server);
      await expectHeard(one, other);
    },
  );

  test('begin by themselves where Redis was away at the start', async () => {
    const server = await own();
    await server.kill();
    const one = await node(server.url);
    await server.start();
    await expectHeard(one, one);
  });

  test('are heard no more after closing', async () => {
    const { url } = await own();
    const [one, other] = [await node(url), await node(url)];
    await expectHeard(one, other);
    other.messages.close();
    const before = other.heard.count;
    await expectHeard(one, one);
    expect(other.heard.count).toBe(before);
  });
});

describe('F-06 messages without Redis', () => {
  test('go nowhere, and are no fault', async () => {
    const messages = createMessages({ redis: undefined, log: silent });
    messages.on('revocations', () => {
      throw new Error('nobody can have said so');
    });
    await messages.publish('revocations');
    messages.close();
  });

  test('nor are they where nobody listens', async () => {
    const redis = await connect(`redis://127.0.0.1:${await freePort()}`);
    const messages = createMessages({ redis, log: silent });
    await messages.publish('revocations');
    messages.close();
    expect(said).toEqual(['Redis is not reachable']);
  });
});
