import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Milliseconds for connecting, and for each command. */
const TIMEOUT = 1000;

/** Milliseconds that a start waits for the first connection: connecting, and the first commands of ioredis itself. */
const FIRST_CONNECTION = 2 * TIMEOUT;

/**
 * Connects to Redis and waits for the first connection, so that nobody who comes at once is told that the session store
 * is away. Where there is none, what is asked of it fails at once and ioredis goes on trying.
 *
 * @returns undefined where no Redis is configured
 */
export async function connectRedis(url: string | undefined, log: Logger): Promise<Redis | undefined> {
  if (url === undefined) return undefined;
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: TIMEOUT,
    commandTimeout: TIMEOUT,
  });
  redis.on('error', (error) => log.warn({ err: error }, 'Redis is not reachable'));
  const waiting = new AbortController();
  await Promise.race([
    // Why it failed is said by the event.
    redis.connect().catch(() => {}),
    setTimeout(FIRST_CONNECTION, undefined, { signal: waiting.signal }).catch(() => {}),
  ]);
  waiting.abort();
  return redis;
}
