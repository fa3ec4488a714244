import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { lastingPort, type RunningProcess, until } from '../../support/process.ts';
import { postgresProgram, postgresUser, startProgram } from './programs.ts';

/** What the postmaster is sent (PostgreSQL manual, "Shutting Down the Server"). */
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** How PostgreSQL is stopped: `fast` ends every session and writes everything down, `immediate` is as a crash. */
export type StopMode = keyof typeof signals;

/** A PostgreSQL server of its own, that can be stopped and started. */
export interface Cluster {
  readonly url: string;
  /** Where its files are; while it is stopped they can be copied. */
  readonly folder: string;
  /** Starts it, and waits until it accepts connections. */
  start(): Promise<void>;
  /** Stops it, and waits until it has. */
  stop(mode: StopMode): Promise<void>;
  /** Stops it and takes its data away. */
  close(): Promise<void>;
}

async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Makes a cluster in a folder of its own, as durable as PostgreSQL is by itself. It is not started yet.
 *
 * @param from the folder of a stopped cluster, to be copied; without it the cluster is empty
 */
export async function createCluster(from?: string): Promise<Cluster> {
  const [initdb, postgres] = [postgresProgram('initdb'), postgresProgram('postgres')];
  const user = postgresUser();
  const folder = mkdtempSync(join(tmpdir(), 'assent-faults-pg-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { ...user, cwd: '/', stdio: 'pipe' } as const;
  if (from === undefined)
    execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], options);
  else execFileSync('cp', ['-a', join(from, 'data'), data], options);
  const port = await lastingPort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
  let server: RunningProcess | undefined;

  async function stop(mode: StopMode): Promise<void> {
    server?.signal(signals[mode]);
    await server?.ended;
    server = undefined;
  }

  return {
    url,
    folder,
    stop,
    async start() {
      const parameters = ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])];
      const started = startProgram(postgres, parameters, { ...user, lastSignal: signals.immediate });
      server = started;
      await until('PostgreSQL accepts connections', () => {
        if (started.hasEnded()) throw new Error(`PostgreSQL ended at its start:\n${started.output()}`);
        return accepts(url);
      });
    },
    async close() {
      await stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
