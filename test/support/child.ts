import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Settings of Assent in the surroundings of the tests would change what a child does, so it gets only these. */
const kept = ['PATH', 'HOME', 'TMPDIR', 'SYSTEMROOT', 'LANG'];

/** Where children keep their compiled code, so that only the first of hundreds has to compile everything. */
export const compileCache = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node-compile') };

/** Processes that are still running; none of them may outlive the tests. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Finished {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended and all of its output is here. */
  readonly finished: Promise<Finished>;
  /** Resolves when standard output contains the text. Rejects when the process ends before. */
  said(text: string): Promise<void>;
  /** Writes one line to the child's standard input. */
  tell(line: string): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts `node <script> …` with a clean environment. @param script path from the root of the project */
export function startScript(
  script: string,
  parameters: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Child {
  const inherited = kept.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  const child = spawn(process.execPath, [script, ...parameters], {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...compileCache, ...env },
    stdio: 'pipe',
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    child.emit('said');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A child that is gone before it has read everything is no fault of the test's.
  child.stdin.on('error', () => {});
  const finished = once(child, 'close').then(([code]): Finished => {
    running.delete(child);
    child.emit('said');
    return { code: code as number | null, stdout, stderr };
  });
  return {
    pid: child.pid ?? 0,
    finished,
    async said(text) {
      while (!stdout.includes(text)) {
        if (!running.has(child))
          throw new Error(`the process ended before it said "${text}":\n${stdout}${stderr}`);
        await once(child, 'said');
      }
    },
    tell: (line) => void child.stdin.write(`${line}\n`),
    signal: (name) => void child.kill(name),
  };
}

/** Runs `assent …` to its end. */
export function assent(
  parameters: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  return startScript('src/cli.ts', parameters, env).finished;
}

export interface ChildServer {
  readonly issuer: string;
  readonly child: Child;
  /** Asks the server to stop and waits until it has. */
  stop(): Promise<Finished>;
}

/** Starts the server as its operator would, and waits until it takes requests. @param env must hold PORT */
export async function startChildServer(env: Readonly<Record<string, string>>): Promise<ChildServer> {
  const child = startScript('src/main.ts', [], { SHUTDOWN_GRACE: '0', ...env });
  const issuer = env.ISSUER ?? `http://localhost:${env.PORT}`;
  await child.said(`Assent is ready at ${issuer}`);
  return {
    issuer,
    child,
    stop() {
      child.signal('SIGTERM');
      return child.finished;
    },
  };
}
