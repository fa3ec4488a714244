import type Koa from 'koa';
import { CLOCK_SKEW, type Clock } from '../clock.ts';
import { type Database, type MigrationStatus, migrationStatus, type OpenedDatabase } from '../db/index.ts';
import type { SigningKeys } from '../keys/index.ts';
import { type RedisConnection, takesWrites } from '../redis.ts';

/** The state of one thing that Assent depends on. `degraded` and `off` do not make the node unready. */
type CheckResult = 'ok' | 'degraded' | 'off' | 'failed';

/** What a node depends on. */
export interface HealthOptions {
  readonly db: Database;
  readonly target: OpenedDatabase['target'];
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly redis: RedisConnection | undefined;
  /** Whether the node is shutting down. */
  readonly draining: () => boolean;
}

async function result(check: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await check();
  } catch {
    return 'failed';
  }
}

const complete = ({ pending }: MigrationStatus) => pending.length === 0;

/** What a node needs to be ready, by name; a check that throws has failed. Redis may be lost: people sign in again. */
function checksOf(options: HealthOptions): Readonly<Record<string, () => Promise<CheckResult>>> {
  const { db, target, keys, clock, redis } = options;
  let migrated = false;
  return {
    async database() {
      const skew = Math.abs((await db.serverTime()).getTime() - clock.now().getTime());
      return skew < CLOCK_SKEW ? 'ok' : 'failed';
    },
    async migrations() {
      // Once complete they stay complete: the schema only goes forward.
      migrated ||= complete(await migrationStatus(target));
      return migrated ? 'ok' : 'failed';
    },
    keys: async () => ((await keys.list()).some((key) => key.state === 'active') ? 'ok' : 'failed'),
    async redis() {
      if (redis === undefined) return 'off';
      return (await takesWrites(redis)) ? 'ok' : 'degraded';
    },
  };
}

/** `GET /health/live`: the process runs. `GET /health/ready`: it can serve; 503 when something it needs has failed. */
export function createHealth(options: HealthOptions): Koa.Middleware {
  const { draining } = options;
  const checks = checksOf(options);
  const names = Object.keys(checks);
  let underWay: Promise<CheckResult[]> | undefined;

  /** However many ask at once, what the node depends on is asked once. */
  function look(): Promise<CheckResult[]> {
    underWay ??= Promise.all(Object.values(checks).map(result)).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  return async (ctx, next) => {
    if (!ctx.path.startsWith('/health/')) return next();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' };
    } else if (ctx.path === '/health/ready') {
      const results = await look();
      const ready = !draining() && !results.includes('failed');
      ctx.status = ready ? 200 : 503;
      ctx.body = {
        status: ready ? 'ready' : draining() ? 'draining' : 'unready',
        ...Object.fromEntries(names.map((name, index) => [name, results[index]])),
      };
    }
  };
}
