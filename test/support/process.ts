import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, openDatabase } from '../../src/db/index.ts';
import { compileCache } from './child.ts';
import { createServerDatabase, onServer } from './database.ts';

const root = join(import.meta.dirname, '..', '..');

/** How long a server may take until it is ready, and a command until it has ended, in milliseconds. */
const START_WITHIN = 60_000;

/** Characters of a child's output that are kept, to explain a failure. */
const KEPT_OUTPUT = 20_000;

/** Asks again and again until the answer is neither undefined nor false. @throws after `within` milliseconds */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  within = 30_000,
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    const answer = await check();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await delay(5);
  }
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<Ending>;
  hasEnded(): boolean;
  signal(name: NodeJS.Signals): void;
  /** What it printed last, for explaining a failure. */
  output(): string;
}

/** Every child that lives: none may outlive the tests, also when a hook never gets its turn. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

function run(script: string, args: readonly string[], env: Record<string, string>): RunningProcess {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    });
  }
  let over = false;
  const ended = once(child, 'exit').then(([code, signal]): Ending => {
    over = true;
    living.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => over,
    signal: (name) => void child.kill(name),
    output: () => output,
  };
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/**
 * A port below those that systems give to outgoing connections (from 32768 on): while a killed server is
 * down, no connection of another test can take its port away.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

/** Where server processes follow one another: a port, a data folder and a database of their own. */
export interface Place {
  readonly issuer: string;
  readonly dataDir: string;
  /** URL of the database on a server; undefined on the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Starts the real server and does not wait for it. */
  spawn(): RunningProcess;
  /** Starts the real server and waits until it says that it is ready. */
  start(): Promise<RunningProcess>;
  /** Runs the command line to its end. */
  assent(...args: string[]): Promise<Ending & { readonly output: string }>;
  /** Opens the database; the embedded one only while no server runs. */
  open(): Promise<Database>;
  /** Kills what still runs and takes everything away. */
  close(): Promise<void>;
}

export async function createPlace(): Promise<Place> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-crash-'));
  const database = onServer ? await createServerDatabase('empty') : undefined;
  const port = await lastingPort();
  const issuer = `http://localhost:${port}`;
  // Nothing is inherited but the search path: the shell's own settings must not change what is tested.
  const env: Record<string, string> = {
    ...compileCache,
    PATH: process.env.PATH ?? '',
    PORT: String(port),
    DATA_DIR: dataDir,
    DEMO: '1',
    LOG_LEVEL: 'error',
    SHUTDOWN_GRACE: '0',
    ...(database === undefined ? {} : { DATABASE_URL: database.url }),
    ...(process.env.REDIS_URL === undefined ? {} : { REDIS_URL: process.env.REDIS_URL }),
  };
  const children: RunningProcess[] = [];
  const launch = (script: string, args: readonly string[]) => {
    const child = run(script, args, env);
    children.push(child);
    return child;
  };
  const isReady = () =>
    fetch(`${issuer}/health/ready`, { signal: AbortSignal.timeout(5000) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );

  return {
    issuer,
    dataDir,
    databaseUrl: database?.url,
    spawn: () => launch('src/main.ts', []),
    async start() {
      const server = launch('src/main.ts', []);
      const ready = async () => {
        if (server.hasEnded()) throw new Error(`the server ended at its start:\n${server.output()}`);
        return isReady();
      };
      await until('the server is ready', ready, START_WITHIN);
      return server;
    },
    async assent(...args) {
      const command = launch('src/cli.ts', args);
      const ending = await until(`assent ${args.join(' ')} ends`, () => command.hasEnded(), START_WITHIN)
        .catch(() => command.signal('SIGKILL'))
        .then(() => command.ended);
      return { ...ending, output: command.output() };
    },
    open: async () => (await openDatabase({ url: database?.url, dataDir, onError: () => {} })).db,
    async close() {
      for (const child of children) if (!child.hasEnded()) child.signal('SIGKILL');
      await Promise.all(children.map((child) => child.ended));
      await database?.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
