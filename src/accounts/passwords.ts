import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { Overloaded } from '../errors.ts';
import { LONGEST_PASSWORD, normalPassword } from './password-rules.ts';
import type { PasswordTask } from './password-worker.ts';

/** Hashes that may wait, about 30 ms each: whoever would wait longer than two seconds is told to try again. */
const MOST_WAITING = 60;

/** Milliseconds after which a thread without work ends. */
const IDLE_TIMEOUT = 30_000;

export interface Passwords {
  /** The hash under which a password is kept: argon2id, as a PHC string. @throws Overloaded */
  hash(password: string): Promise<string>;
  /**
   * Whether a password belongs to a hash. Without a hash the same work is done and the answer is no, so that the time
   * does not tell whether an account exists. @throws Overloaded
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** How many passwords wait to be hashed. */
  waiting(): number;
  close(): Promise<void>;
}

/**
 * How long somebody waits for an answer, in milliseconds. The queue is empty long before, but for a machine that has no time
 * for its threads.
 */
const LONGEST_WAIT = 5000;

/** No password belongs to it, and finding that out takes as long as with any other. */
const STAND_IN = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/**
 * Passwords, hashed in worker threads behind a gate: a flood of sign-ins takes at most all threads but one and fills a
 * short queue, and signing tokens goes on.
 */
export function createPasswords(): Passwords {
  let pool: Piscina | undefined;

  async function run<T>(task: PasswordTask): Promise<T> {
    pool ??= new Piscina({
      filename: new URL('./password-worker.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: Math.max(1, availableParallelism() - 1),
      maxQueue: MOST_WAITING,
      idleTimeout: IDLE_TIMEOUT,
    });
    if (pool.queueSize >= MOST_WAITING) throw new Overloaded('too many passwords wait to be checked');
    const signal = AbortSignal.timeout(LONGEST_WAIT);
    try {
      return (await pool.run(task, { signal })) as T;
    } catch (error) {
      if (signal.aborted) throw new Overloaded('a password waited too long to be checked');
      throw error;
    }
  }

  return {
    hash: (password) => run<string>({ password: normalPassword(password) }),
    async verify(password, kept) {
      if (password.length > LONGEST_PASSWORD) return false;
      const matches = await run<boolean>({ password: normalPassword(password), hash: kept ?? STAND_IN });
      return kept !== undefined && matches;
    },
    waiting: () => pool?.queueSize ?? 0,
    close: async () => pool?.destroy(),
  };
}
