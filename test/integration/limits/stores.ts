import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { shiftTime } from '../../support/time.ts';

/** Where Redis is; undefined where there is none. */
export const redisUrl = process.env.REDIS_URL;
if (redisUrl === undefined) console.warn('Counters in Redis are not tested: REDIS_URL is not set');

/** A logical database of the Redis server, so that a test may shorten every counter in it. */
export function redisDatabase(number: number): string {
  const url = new URL(String(redisUrl));
  url.pathname = `/${number}`;
  return url.href;
}

/** A client as the program makes it: what cannot be asked now fails now. */
export async function openRedis(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 1000,
    retryStrategy: () => 50,
  });
  redis.on('error', () => {});
  await redis.connect();
  return redis;
}

/** Shortens the lives of all counters in a database of Redis, whose time nobody can shift. */
export async function ageCounters(redis: Redis, seconds: number): Promise<void> {
  for (const key of await redis.keys('assent:limit:*')) {
    const left = await redis.pttl(key);
    await (left <= seconds * 1000 ? redis.del(key) : redis.pexpire(key, left - seconds * 1000));
  }
}

/** Lets time pass for the counters, wherever they are. `end` puts it right again. */
export interface Passing {
  pass(seconds: number): Promise<void>;
  end(): void;
}

/** @param url database of Redis that holds the counters; undefined where they are in the program's own database */
export function createPassing(url: string | undefined): Passing {
  let shifted = 0;
  return {
    async pass(seconds) {
      shifted += seconds;
      shiftTime(shifted);
      if (url === undefined) return;
      const redis = await openRedis(url);
      await ageCounters(redis, seconds);
      redis.disconnect();
    },
    end() {
      shifted = 0;
      shiftTime(0);
    },
  };
}

/** A way to Redis that can break. */
export interface Way {
  readonly url: string;
  /** From now on: connections end, and new ones too; or nothing is answered; or everything works again. */
  become(state: 'cut' | 'silent' | 'open'): void;
  close(): Promise<void>;
}

/** Opens a way to a Redis. */
export async function openWay(url: string): Promise<Way> {
  const { hostname, port, pathname } = new URL(url);
  const sockets = new Set<Socket>();
  let state: 'cut' | 'silent' | 'open' = 'open';
  const server = createServer((socket) => {
    if (state === 'cut') return void socket.destroy();
    const there = connect(Number(port), hostname);
    for (const one of [socket, there]) sockets.add(one.on('error', () => {}));
    there.on('close', () => socket.destroy());
    socket.on('close', () => there.destroy());
    socket.on('data', (data) => void (state === 'open' && there.write(data)));
    there.on('data', (data) => void (state === 'open' && socket.write(data)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    become(next) {
      state = next;
      if (next !== 'silent') cut();
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
