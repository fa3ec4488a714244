import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Cleanup } from './cleanup.ts';

const ROOT = path.dirname(import.meta.dirname);
const TAIL = 4000;
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 5_000;

export interface ServerProcess {
  /** Relative to the repository, followed by the arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly readyUrl: string;
}

/** A port on the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to be had');
  server.close();
  await once(server, 'close');
  return address.port;
}

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/**
 * Starts a server and waits until it is ready. The child sees only the environment given, so that a setting of the
 * caller's shell cannot reach one contestant and miss another. Its last words are part of the error if it dies.
 */
export async function startServer(
  server: ServerProcess,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(process.execPath, [...server.command], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...server.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL);
    });
  }
  const exited = once(child, 'exit');
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  let stopping = false;
  cleanup.defer(async () => {
    stopping = true;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(killNow, STOP_TIMEOUT);
      await exited;
      clearTimeout(timer);
    }
    process.off('exit', killNow);
  });
  child.once('exit', (code, killer) => {
    if (!stopping) console.error(`${server.command.join(' ')} ended early (${code ?? killer}):\n${tail}`);
  });

  const deadline = Date.now() + START_TIMEOUT;
  while (!(await answers(server.readyUrl))) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${server.command[0]} did not start`);
    if (Date.now() > deadline) throw new Error(`${server.command[0]} was not ready in time:\n${tail}`);
    await sleep(100, undefined, { signal });
  }
}
