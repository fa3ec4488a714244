import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '../errors.ts';

/**
 * The lock of a data folder: a local socket that only one process can own and that the operating system
 * frees when that process ends, however it ends. A lock file would outlive a killed process, and a process
 * number may be in use again (in a container it always is). See docs/adr/0003-embedded-database-lock.md.
 */
function socketName(folder: string): string {
  const key = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0assent-${key}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\assent-${key}`;
  return join(tmpdir(), `assent-${key}.sock`);
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // A caller that hangs up early is its own affair.
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** The process number of the owner, or undefined when nobody answers any more. */
function owner(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(name);
    let text = '';
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(text === '' ? undefined : text));
  });
}

/**
 * Takes the folder for this process, making it when it does not exist.
 *
 * @returns a function that gives it back
 * @throws Refused when another process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = socketName(folder);
  let server = await listen(name);
  if (server === undefined && name.endsWith('.sock') && (await owner(name)) === undefined) {
    rmSync(name, { force: true });
    server = await listen(name);
  }
  if (server === undefined) {
    const pid = (await owner(name)) ?? 'unknown';
    throw new Refused(`The embedded database in ${folder} is in use by another Assent process (${pid}):`, [
      'stop that process first, or',
      'use PostgreSQL (set DATABASE_URL), which many processes can share',
    ]);
  }
  const held = server;
  return () => new Promise((resolve) => held.close(() => resolve()));
}
