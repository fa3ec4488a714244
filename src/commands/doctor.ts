import { migrationStatus, newerFault } from '../db/index.ts';
import { hasDemoData } from '../demo/index.ts';
import { createLog } from '../log.ts';
import { connectRedis, takesWrites } from '../redis.ts';
import { print, withServices } from './run.ts';

type Finding = readonly [name: string, fault: string | undefined];

async function finding(name: string, check: () => Promise<string | undefined>): Promise<Finding> {
  try {
    return [name, await check()];
  } catch (error) {
    return [name, (error as Error).message];
  }
}

async function redisFault(url: string | undefined): Promise<string | undefined> {
  const redis = await connectRedis(url, createLog('silent'));
  if (redis === undefined) return undefined;
  const fine = await takesWrites(redis);
  redis.disconnect();
  return fine ? undefined : 'not reachable, or full: sessions cannot be kept there';
}

/** `assent doctor`: looks at everything a server needs and says what is wrong; exit code 1 when something is. */
export function examine(): Promise<void> {
  return withServices(async ({ config, db, target, keys, clock }) => {
    const findings = [
      await finding('Node.js', async () =>
        Number(process.versions.node.split('.')[0]) >= 24
          ? undefined
          : `version ${process.versions.node}; 24 or later is needed`,
      ),
      await finding(`database (${db.kind})`, async () => {
        const [row] = await db.query<{ number: number }>({
          name: 'server_version',
          text: "SELECT current_setting('server_version_num')::integer AS number",
        });
        return (row?.number ?? 0) >= 150_000 ? undefined : 'PostgreSQL 15 or later is needed';
      }),
      await finding('clock', async () => {
        const skew = Math.round(((await db.serverTime()).getTime() - clock.now().getTime()) / 1000);
        return Math.abs(skew) < 10 ? undefined : `${skew} s apart from the database's: set both by NTP`;
      }),
      await finding('migrations', async () => {
        const status = await migrationStatus(target);
        const pending = status.pending.map(({ name }) => name).join(', ');
        return newerFault(status) ?? (pending === '' ? undefined : `pending: ${pending}`);
      }),
      await finding('signing keys', async () =>
        (await keys.privateJwks()).length > 0 ? undefined : 'none yet: they are made at the first start',
      ),
      await finding('demo data', async () =>
        config.production && (await hasDemoData(db)) ? 'present in a production database' : undefined,
      ),
      await finding('mail', async () =>
        config.mail === undefined && !config.demo
          ? 'nobody is sent any: no invitation, no link to a new password, no notice. Set SMTP_URL and MAIL_FROM'
          : undefined,
      ),
      await finding(config.redisUrl === undefined ? 'Redis (not used)' : 'Redis', () =>
        redisFault(config.redisUrl),
      ),
    ];
    print(
      ...findings.map(([name, fault]) =>
        fault === undefined ? `ok     ${name}` : `FAULT  ${name}: ${fault}`,
      ),
    );
    if (findings.some(([, fault]) => fault !== undefined)) process.exitCode = 1;
  });
}
