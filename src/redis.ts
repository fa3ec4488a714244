import { setImmediate, setTimeout } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Logger } from 'pino';

/** One Redis server, or a cluster of them. */
export type RedisConnection = Redis | Cluster;

/** Milliseconds for connecting, and without an answer. */
const TIMEOUT = 1000;

/** How often a connection is asked whether it is alive, in milliseconds. */
const BEAT = 500;

/** Milliseconds that a start waits for the first connection: connecting, and the first commands of ioredis itself. */
const FIRST_CONNECTION = 2 * TIMEOUT;

/** How often a cluster is asked again for where a key is, before the command has failed. */
const MOST_REDIRECTIONS = 4;

/** Milliseconds to the next try to connect: soon at first, then every second. */
const retryDelay = (times: number) => Math.min(100 * times, 1000);

const options = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // What was under way when a connection broke may have been done: nothing is sent a second time.
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  // Nor is there a time-out for a command: giveUpWhenSilent ends them all at once.
  connectTimeout: TIMEOUT,
  retryStrategy: retryDelay,
  // What was the primary server is a replica now: the name leads to another one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

/**
 * Gives up a connection that has said nothing for a second: what waits for an answer fails then, and what comes after it
 * fails at once, until a new connection stands. What has arrived is read before that is decided: it may have been this
 * process that had no time, and a timer is called before a socket.
 */
function giveUpWhenSilent(connection: Redis): void {
  let askedAt: number | undefined;
  const asks = () => {
    askedAt = performance.now();
  };
  const answers = () => {
    askedAt = undefined;
  };
  const isSilent = () => askedAt !== undefined && performance.now() - askedAt >= TIMEOUT;

  async function beat(): Promise<void> {
    if (askedAt === undefined && connection.status === 'ready') {
      asks();
      connection.ping().then(answers, answers);
    } else if (isSilent()) {
      await setImmediate();
      if (isSilent()) connection.stream.destroy(new Error('Redis does not answer'));
    }
  }

  const timer = setInterval(() => void beat(), BEAT).unref();
  // What ioredis itself asks at the beginning.
  connection.on('connect', asks);
  connection.on('ready', answers);
  connection.on('close', answers);
  connection.on('end', () => clearInterval(timer));
}

/** Opens a cluster, of which some servers are named; user, password and TLS are those of the first. */
function openCluster(urls: readonly URL[]): Cluster {
  const { enableOfflineQueue, retryStrategy, ...common } = options;
  const [{ username, password, protocol } = new URL('redis://')] = urls;
  return new Cluster(
    urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 6379),
    })),
    {
      lazyConnect: true,
      enableOfflineQueue,
      clusterRetryStrategy: retryStrategy,
      maxRedirections: MOST_REDIRECTIONS,
      // By its name, as its certificate calls it, not by its address.
      dnsLookup: (name, found) => found(null, name),
      redisOptions: {
        ...common,
        ...(username === '' ? {} : { username: decodeURIComponent(username) }),
        ...(password === '' ? {} : { password: decodeURIComponent(password) }),
        ...(protocol === 'rediss:' ? { tls: {} } : {}),
      },
    },
  );
}

/** Gives up whichever of its connections falls silent. */
function attend(redis: RedisConnection): void {
  if (redis instanceof Cluster) redis.on('+node', giveUpWhenSilent);
  else giveUpWhenSilent(redis);
}

/** @param url one address, or several of a cluster, separated by commas */
function open(url: string): RedisConnection {
  // A password may have a comma in it.
  const urls = url.split(/,\s*(?=rediss?:)/);
  return urls.length === 1 ? new Redis(url, options) : openCluster(urls.map((one) => new URL(one)));
}

/** Says so where Redis may throw away what is not over: counters of tries at a password would begin anew. */
async function warnOfEviction(redis: RedisConnection, log: Logger): Promise<void> {
  for (const node of redis instanceof Cluster ? redis.nodes('master') : [redis]) {
    const memory = await node.info('memory').catch(() => '');
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction';
    if (policy !== 'noeviction')
      log.warn({ policy }, 'Redis may evict counters and sessions: set its maxmemory-policy to noeviction');
  }
}

/** Logs the beginning and the end of each outage. */
function logOutages(redis: RedisConnection, log: Logger): void {
  let away = false;
  function begins(error?: Error): void {
    if (!away) log.warn({ err: error }, 'Redis is not reachable');
    away = true;
  }
  redis.on('error', begins);
  // A connection that was closed in good order is no error.
  redis.on('reconnecting', () => begins());
  redis.on('ready', () => {
    if (away) log.info('Redis is reachable again');
    away = false;
    void warnOfEviction(redis, log);
  });
}

/**
 * Connects to Redis and waits for the first connection, so that nobody who comes at once is told that the session store
 * is away. Where there is none, what is asked of it fails at once and ioredis goes on trying.
 *
 * @param url one address, or several of a cluster, separated by commas
 * @returns undefined where no Redis is configured
 */
export async function connectRedis(
  url: string | undefined,
  log: Logger,
): Promise<RedisConnection | undefined> {
  if (url === undefined) return undefined;
  const redis = open(url);
  attend(redis);
  logOutages(redis, log);
  const waiting = new AbortController();
  await Promise.race([
    // Why it failed is said by the event.
    redis.connect().catch(() => {}),
    setTimeout(FIRST_CONNECTION, undefined, { signal: waiting.signal }).catch(() => {}),
  ]);
  waiting.abort();
  return redis;
}

/** Whether Redis takes what is to be kept: a full server answers a PING too, and so does a replica. Never rejects. */
export function takesWrites(redis: RedisConnection): Promise<boolean> {
  return redis.set('assent:health', '1', 'PX', TIMEOUT).then(
    () => true,
    () => false,
  );
}

/** What nodes tell each other about; the message is no more than this word, and whoever hears it looks. */
export type Channel = 'revocations';

/** A word from node to node. It may get lost: what counts is what a node looks up by itself. */
export interface Messages {
  /** Tells every node that listens, this one too. Never rejects. */
  publish(channel: Channel): Promise<void>;
  /** Calls `listener` whenever a node says so, from when the connection stands. */
  on(channel: Channel, listener: () => void): void;
  close(): void;
}

const nameOf = (channel: Channel) => `assent:${channel}`;

/**
 * Messages between nodes by way of Redis, on a second connection, which a subscription takes up. It is made anew when it
 * breaks.
 *
 * @param redis undefined: there is one node, or each looks for itself
 */
export function createMessages(options: { redis: RedisConnection | undefined; log: Logger }): Messages {
  const { redis, log } = options;
  if (redis === undefined) return { publish: async () => {}, on() {}, close() {} };
  const listeners = new Map<string, (() => void)[]>();
  const subscriber: RedisConnection = redis instanceof Cluster ? redis.duplicate() : redis.duplicate();
  let again: NodeJS.Timeout | undefined;
  attend(subscriber);

  async function subscribe(): Promise<void> {
    clearTimeout(again);
    if (listeners.size === 0 || subscriber.status !== 'ready') return;
    try {
      await subscriber.subscribe(...listeners.keys());
    } catch (error) {
      log.debug({ err: error }, 'messages of other nodes cannot be heard yet');
      again = globalThis.setTimeout(() => void subscribe(), TIMEOUT).unref();
    }
  }

  // The first connection says that Redis is away.
  subscriber.on('error', () => {});
  subscriber.on('ready', () => void subscribe());
  subscriber.on('message', (name: string) => {
    for (const listener of listeners.get(name) ?? []) listener();
  });
  subscriber.connect().catch(() => {});

  return {
    async publish(channel) {
      await redis.publish(nameOf(channel), '').catch(() => {});
    },
    on(channel, listener) {
      const name = nameOf(channel);
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      void subscribe();
    },
    close() {
      clearTimeout(again);
      listeners.clear();
      subscriber.disconnect();
    },
  };
}
