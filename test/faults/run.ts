import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * `npm run test:faults [-- --short] [-- --times 10] [-- file …]`: the fault suite, once or many times in a row. It ends at
 * the first time that is not green. In place of the first two: `FAULTS=short`, `FAULTS_TIMES=10`.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean' }, times: { type: 'string' } },
  allowPositionals: true,
});
const short = values.short === true || process.env.FAULTS === 'short';
const times = Number(values.times ?? process.env.FAULTS_TIMES ?? 1);
if (!Number.isInteger(times) || times < 1) throw new Error('--times must be a number from 1 on');

/** How long what was told to stop may take, in milliseconds. */
const STOP_WITHIN = 10_000;

/** The group of processes that runs now. */
let group = 0;
let interrupted = false;

/** Sends a signal to everybody of the group. @returns whether there was anybody */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/** Runs the suite once. Its processes are one group, and its files in one folder: nothing of both stays, whatever happens. */
async function runOnce(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-faults-'));
  // PostgreSQL runs as another user, who has to get to the folder of its own below this one.
  chmodSync(folder, 0o711);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(root, 'vitest.faults.config.ts');
  const suite = spawn(process.execPath, [vitest, 'run', '--config', config, ...positionals], {
    cwd: root,
    env: { ...process.env, FAULTS: short ? 'short' : 'full', TMPDIR: folder },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  group = suite.pid ?? 0;
  const [code] = await once(suite, 'exit');
  // PostgreSQL and the nodes take it for an order to stop at once; everybody else ends by it.
  const end = Date.now() + STOP_WITHIN;
  while (signalGroup('SIGINT') && Date.now() < end) await delay(20);
  signalGroup('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  return code === 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = true;
    signalGroup('SIGINT');
  });

for (let time = 1; time <= times && !interrupted; time += 1) {
  const begin = performance.now();
  const green = await runOnce();
  const seconds = Math.round((performance.now() - begin) / 1000);
  console.log(`fault suite, ${time} of ${times}: ${green ? 'green' : 'RED'} after ${seconds} s`);
  if (!green || interrupted) process.exit(1);
}
