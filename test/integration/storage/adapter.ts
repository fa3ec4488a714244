import { Redis } from 'ioredis';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import { systemClock } from '../../../src/clock.ts';
import {
  createAdapter,
  createRedisStore,
  createReplayGuard,
  createSqlStore,
} from '../../../src/oidc/storage/index.ts';
import { openTestDatabase } from '../../support/database.ts';

/** The metadata of the one client that the stories of this folder need. */
const keteWeb: AdapterPayload = {
  client_id: 'kete-web',
  client_secret: 'demo-secret-kete-web-demo-secret-kete-web',
  redirect_uris: ['https://kete.example.test/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

export interface OpenedAdapter {
  readonly factory: AdapterFactory;
  readonly model: (name: string) => Adapter;
  /** Every place, in the database and in Redis, where a text stands. */
  whereFound(text: string): Promise<string[]>;
  close(): Promise<void>;
}

/** The adapter as the program puts it together: with Redis for what may be lost where REDIS_URL is set. */
export async function openAdapter(): Promise<OpenedAdapter> {
  const { db } = await openTestDatabase();
  const clock = systemClock;
  const redis = process.env.REDIS_URL === undefined ? undefined : new Redis(process.env.REDIS_URL);
  const durable = createSqlStore({ db, clock });
  const factory = createAdapter({
    durable,
    volatile: redis === undefined ? durable : createRedisStore({ redis, clock }),
    replayGuard: createReplayGuard({ db }),
    context: {
      collect: () => false,
      active: () => false,
      revoking: () => false,
      tookBack() {},
      holdsToSession: () => false,
      begin: async () => {},
      grantedBy: () => undefined,
      predecessor: () => undefined,
      resuming: () => false,
      beginsInteraction: () => true,
      mayGoOn: async () => true,
      named: () => [],
      looked: () => undefined,
      presentSession: () => undefined,
      foundSession: () => {},
      sessionFound: () => undefined,
      isPresentSession: () => true,
      signsIn: async () => true,
      endSession: async () => {},
      endGrant: (grantId) => durable.revokeByGrantId(grantId),
    },
    clock,
    findClient: async (clientId) => (clientId === 'kete-web' ? keteWeb : undefined),
  });

  async function inTables(text: string): Promise<string[]> {
    const tables = await db.query<{ name: string }>({
      name: '',
      text: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    });
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await db.query(
        { name: '', text: `SELECT FROM "${name}" AS one WHERE strpos(one::text, $1) > 0` },
        [text],
      );
      if (rows.length > 0) found.push(`table ${name}`);
    }
    return found;
  }

  async function inRedis(text: string): Promise<string[]> {
    const keys = (await redis?.keys('assent:*')) ?? [];
    const values = keys.length === 0 ? [] : ((await redis?.mget(keys)) ?? []);
    return keys.filter((key, index) => key.includes(text) || values[index]?.includes(text));
  }

  return {
    factory,
    model: (name) => (factory as (name: string) => Adapter)(name),
    whereFound: async (text) => [...(await inTables(text)), ...(await inRedis(text))],
    async close() {
      redis?.disconnect();
      await db.close();
    },
  };
}
