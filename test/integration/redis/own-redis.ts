import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { lastingPort, until } from '../../support/process.ts';

/** Why these tests cannot run here; undefined where they can. */
export const needsRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'there is no redis-server on the path';

/** A Redis server of a test's own: nobody else is disturbed when it ends or falls silent. It keeps nothing on disk. */
export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** Starts it again, empty, and waits until it answers. */
  start(): Promise<void>;
  /** Ends it as a crash does, and waits until it has. */
  kill(): Promise<void>;
  /** Lets it take connections and commands, and answer nothing, until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Does something on a connection of its own. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Every server that runs: none may outlive the tests, also when a hook never gets its turn. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a Redis server on a port of its own. @param parameters beside those that keep nothing on disk */
export async function startOwnRedis(parameters: readonly string[] = []): Promise<OwnRedis> {
  const port = await lastingPort();
  const url = `redis://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'assent-redis-'));
  const usual = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  let child: ChildProcess | undefined;

  async function ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, disableClientInfo: true });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  const own: OwnRedis = {
    url,
    port,
    ask,
    async start() {
      const started = spawn('redis-server', [...usual, ...parameters], { stdio: 'ignore' });
      running.add(started);
      child = started;
      await until('Redis answers', () => ask((redis) => redis.ping()).catch(() => undefined));
    },
    async kill() {
      const ended = child;
      child = undefined;
      if (ended === undefined) return;
      const over = once(ended, 'exit');
      ended.kill('SIGKILL');
      await over;
      running.delete(ended);
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async close() {
      await own.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await own.start().catch(async (error: unknown) => {
    await own.close();
    throw error;
  });
  return own;
}

/** A cluster of three servers, without replicas. */
export interface OwnCluster {
  /** Addresses of two of them, as REDIS_URL names them. */
  readonly url: string;
  readonly servers: readonly OwnRedis[];
  close(): Promise<void>;
}

/** Makes a cluster of servers that know nothing of each other, and waits until it takes commands. */
async function unite(servers: readonly OwnRedis[]): Promise<void> {
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
  const made = spawnSync(
    'redis-cli',
    ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes'],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`no cluster was made: ${made.stdout}${made.stderr}`);
  for (const server of servers)
    await until('the cluster takes commands', () =>
      server.ask(async (redis) => (await redis.cluster('INFO')).includes('cluster_state:ok')),
    );
}

/** Starts a cluster of a test's own. */
export async function startOwnCluster(): Promise<OwnCluster> {
  const parameters = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--appendonly', 'no'];
  const servers: OwnRedis[] = [];
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    while (servers.length < 3) servers.push(await startOwnRedis(parameters));
    await unite(servers);
  } catch (error) {
    await close();
    throw error;
  }
  const [, ...named] = servers.map(({ url }) => url);
  return { url: named.join(','), servers, close };
}
