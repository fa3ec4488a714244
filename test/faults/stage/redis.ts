import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { lastingPort, type RunningProcess, until } from '../../support/process.ts';
import { redisProgram, startProgram } from './programs.ts';

/** A Redis server of its own, that can be killed and started. It keeps nothing on disk: each start is an empty one. */
export interface RedisServer {
  readonly url: string;
  /** Starts it, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it as a crash does, and waits until it has. */
  kill(): Promise<void>;
  /** Takes everything out of it while it runs. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Prepares a Redis server on a port of its own. It is not started yet. */
export async function createRedisServer(): Promise<RedisServer> {
  const program = redisProgram();
  const folder = mkdtempSync(join(tmpdir(), 'assent-faults-redis-'));
  const port = await lastingPort();
  const url = `redis://127.0.0.1:${port}`;
  const parameters = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  let server: RunningProcess | undefined;

  /** One command on a connection of its own. */
  async function ask<T>(command: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return await command(redis);
    } catch {
      return undefined;
    } finally {
      redis.disconnect();
    }
  }

  async function kill(): Promise<void> {
    server?.signal('SIGKILL');
    await server?.ended;
    server = undefined;
  }

  return {
    url,
    kill,
    async start() {
      const started = startProgram(program, [...parameters, '--dir', folder]);
      server = started;
      await until('Redis answers', () => {
        if (started.hasEnded()) throw new Error(`Redis ended at its start:\n${started.output()}`);
        return ask((redis) => redis.ping());
      });
    },
    async flush() {
      if ((await ask((redis) => redis.flushall())) !== 'OK') throw new Error('Redis was not flushed');
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
