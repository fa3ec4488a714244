import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { RunningProcess } from '../../support/process.ts';

/** Characters of a program's output that are kept, to explain a failure. */
const KEPT_OUTPUT = 20_000;

/** Programs that still run, with the signal that ends each. None may outlive the tests, also when a hook gets no turn. */
const living = new Map<ChildProcess, NodeJS.Signals>();
process.once('exit', () => {
  for (const [child, signal] of living) child.kill(signal);
});

const version = (folder: string) => Number(/\/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);

/** Where Debian keeps every installed version, newest first; then the search path. */
const postgresFolders = () => [
  ...globSync('/usr/lib/postgresql/*/bin').sort((a, b) => version(b) - version(a)),
  ...searchPath(),
];

const searchPath = () => (process.env.PATH ?? '').split(delimiter);

function find(program: string, folders: readonly string[], install: string): string {
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`The fault suite starts its own ${program}, and there is none: ${install}`);
  return found;
}

/** The path of a program of PostgreSQL. @throws when it is not installed, with what to install */
export const postgresProgram = (name: 'initdb' | 'postgres'): string =>
  find(name, postgresFolders(), 'install PostgreSQL 15 or later (apt-get install postgresql)');

/** The path of the Redis server. @throws when it is not installed, with what to install */
export const redisProgram = (): string =>
  find('redis-server', searchPath(), 'install Redis (apt-get install redis-server)');

/** Who runs a program: the user of the tests, where nothing is said. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root; the user that its package makes is taken then. */
export function postgresUser(): RunAs {
  if (process.getuid?.() !== 0) return {};
  const number = (kind: '-u' | '-g') => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

/**
 * Starts a program that stays in the foreground.
 *
 * @param lastSignal ends it when the tests end before they have ended it
 */
export function startProgram(
  path: string,
  parameters: readonly string[],
  { lastSignal = 'SIGKILL', ...as }: RunAs & { readonly lastSignal?: NodeJS.Signals } = {},
): RunningProcess {
  const child = spawn(path, parameters, { ...as, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  living.set(child, lastSignal);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => {
    living.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => !living.has(child),
    signal: (name) => void child.kill(name),
    output: () => output,
  };
}
