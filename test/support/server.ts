import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/index.ts';
import type { Row } from '../../src/db/index.ts';
import type { KeyWatch } from '../../src/keys/index.ts';
import { createLog } from '../../src/log.ts';
import { createServices, type Services, seed } from '../../src/services.ts';
import { forgetServer, rememberServer } from './code.ts';
import { openTestDatabase } from './database.ts';
import { masterKey } from './template.ts';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface TestServer {
  readonly issuer: string;
  readonly services: Services;
  readonly dataDir: string;
  /** Lines of the technical log so far. */
  readonly logLines: readonly string[];
  readonly oidc: App['oidc'];
  /** Follows the signing keys, as a started program does. */
  watchKeys(): KeyWatch;
  /** Runs SQL on the server's own database. */
  sql<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** POSTs a form to the token endpoint, with HTTP Basic credentials if given. */
  token(form: Record<string, string>, basic?: readonly [clientId: string, secret: string]): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Starts Assent in this process with the demo world, on a database of its own, listening on a free port.
 *
 * @param env settings beside the usual ones
 * @param extras what only tests have, such as one more language
 */
export async function startServer(
  env: Record<string, string> = {},
  extras: Parameters<typeof createApp>[2] = {},
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-test-'));
  const port = env.PORT === undefined ? await freePort() : Number(env.PORT);
  const opened = await openTestDatabase();
  const config = readConfig({
    PORT: String(port),
    DATA_DIR: dataDir,
    ASSENT_MASTER_KEY: masterKey,
    DEMO: '1',
    LOG_LEVEL: 'info',
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
    ...env,
  });
  const services = createServices(config, opened);
  await seed(services);
  const logLines: string[] = [];
  const log = createLog(config.logLevel, {
    correlation: services.correlation,
    destination: { write: (line) => void logLines.push(line) },
  });
  const app = await createApp(services, log, extras);
  await new Promise<void>((resolve) => app.server.listen(port, resolve));
  const sql: TestServer['sql'] = (text, values) => services.db.query({ name: '', text }, values);
  const remembered = { sql };
  rememberServer(config.issuer, remembered);
  return {
    issuer: config.issuer,
    services,
    dataDir,
    logLines,
    oidc: app.oidc,
    watchKeys: app.watchKeys,
    sql,
    token: (form, basic) =>
      fetch(`${config.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
        headers:
          basic === undefined
            ? {}
            : {
                Authorization: `Basic ${Buffer.from(basic.map(encodeURIComponent).join(':')).toString('base64')}`,
              },
      }),
    async close() {
      forgetServer(config.issuer, remembered);
      await app.close();
      await services.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
