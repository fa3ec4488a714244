import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { randomIds } from './clock.ts';
import { type Config, readConfig } from './config/index.ts';
import { demoCommands } from './demo/index.ts';
import { AssentError } from './errors.ts';
import { createLog } from './log.ts';
import { openServices, prepare } from './services.ts';
import { createCorrelation, startMetricsServer, startTracing } from './telemetry/index.ts';

/** What a person at the terminal needs: where to look, and one command that obtains a token. */
function banner(config: Config): string {
  const [token] = demoCommands(config.issuer);
  const lines = [
    '',
    `Assent is ready at ${config.issuer}`,
    '',
    `  Start page   ${config.issuer}/`,
    `  Discovery    ${config.issuer}/.well-known/openid-configuration`,
  ];
  if (config.demo) lines.push('', 'Obtain a token:', '', `  ${token.command}`, '');
  return `${lines.join('\n')}\n`;
}

/** The process is gone this long after it stopped taking requests, whatever hangs, in milliseconds. */
const STOP_TIMEOUT = 15_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const correlation = createCorrelation({ ids: randomIds });
  const log = createLog(config.logLevel, { correlation });
  const tracing = await startTracing({ env: process.env, version: packageJson.version, log });
  const services = await openServices(config, log, correlation);
  const app = await prepare(services)
    .then(() => createApp(services, log))
    .catch(async (error: unknown) => {
      await services.close();
      throw error;
    });

  const { metricsPort, metricsHost, metricsToken } = config;
  const metricsServer =
    metricsPort === undefined
      ? undefined
      : await startMetricsServer({
          metrics: app.metrics,
          token: metricsToken,
          host: metricsHost,
          port: metricsPort,
          onError: (error) => log.error({ err: error }, 'the listener of the metrics failed'),
        });

  let stopping = false;
  const hurry = new AbortController();

  /** Load balancers look every few seconds whether a node is ready, and send it requests until they have. */
  async function sayGoodbye(): Promise<void> {
    app.announceStop();
    await setTimeoutPromise(config.shutdownGrace * 1000, undefined, { signal: hurry.signal }).catch(() => {});
  }

  async function stop(signal: string): Promise<void> {
    if (signal !== 'SIGTERM' || stopping) hurry.abort();
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    await sayGoodbye();
    setTimeout(() => process.exit(1), STOP_TIMEOUT).unref();
    try {
      await app.close();
      await metricsServer?.close();
      await services.close();
      await tracing?.close();
      process.exit(0);
    } catch (error) {
      log.error({ err: error }, 'stopped with a fault');
      process.exit(1);
    }
  }
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));

  await new Promise<void>((resolve, reject) => {
    app.server.once('error', reject);
    app.server.listen(config.port, () => {
      app.server.off('error', reject);
      app.server.on('error', (error) => log.error({ err: error }, 'the listener failed'));
      resolve();
    });
  });
  app.watchKeys();
  app.startBackground();
  process.stdout.write(banner(config));
  log.info({ issuer: config.issuer, database: services.db.kind, demo: config.demo }, 'ready');
}

try {
  await main();
} catch (error) {
  const known = error instanceof AssentError || (error instanceof Error && 'syscall' in error);
  process.stderr.write(`${known ? error.message : `Assent could not start: ${String(error)}`}\n`);
  process.exit(1);
}
