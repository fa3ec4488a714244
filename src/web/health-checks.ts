import { CLOCK_SKEW, type Clock } from '../clock.ts';
import { type Database, type MigrationStatus, migrationStatus, type OpenedDatabase } from '../db/index.ts';
import type { SigningKeys } from '../keys/index.ts';
import { type RedisConnection, takesWrites } from '../redis.ts';
import type { HealthOptions } from './health.ts';

const complete = ({ pending }: MigrationStatus) => pending.length === 0;

/** What a node needs to be ready. Redis may be lost: people sign in again. */
export function createHealthChecks(options: {
  db: Database;
  target: OpenedDatabase['target'];
  keys: SigningKeys;
  clock: Clock;
  redis: RedisConnection | undefined;
}): HealthOptions['checks'] {
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
