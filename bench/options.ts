import { parseArgs } from 'node:util';

export const CONTESTANTS = ['assent', 'assent-guessed-at', 'bare-postgres', 'bare-memory'] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

export interface Options {
  readonly contestants: readonly ContestantName[];
  readonly rounds: number;
  readonly requests: number;
  readonly warmUp: number;
  readonly databaseUrl: string;
  /** File for the results in full, if one was asked for. */
  readonly json: string | undefined;
}

const LOOPBACK = new Set(['', 'localhost', '127.0.0.1', '[::1]']);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name}: not a positive whole number: ${text}`);
  return value;
}

function contestants(text: string): readonly ContestantName[] {
  const wanted = new Set(text.split(','));
  const chosen = CONTESTANTS.filter((name) => wanted.delete(name));
  if (wanted.size > 0) {
    throw new Error(`--only: unknown: ${[...wanted].join(', ')}; there are ${CONTESTANTS.join(', ')}`);
  }
  return chosen;
}

/** Reads the command line and DATABASE_URL; throws with a sentence for the reader when something is wrong. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: CONTESTANTS.join(',') },
      rounds: { type: 'string', default: '5' },
      requests: { type: 'string', default: '4000' },
      'warm-up': { type: 'string', default: '1000' },
      json: { type: 'string' },
    },
  });
  const databaseUrl = env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
  // A database elsewhere would measure the network, and databases are created and dropped there.
  if (!LOOPBACK.has(new URL(databaseUrl).hostname)) throw new Error('DATABASE_URL must be on this machine');
  return {
    contestants: contestants(values.only),
    rounds: positive('rounds', values.rounds),
    requests: positive('requests', values.requests),
    warmUp: positive('warm-up', values['warm-up']),
    databaseUrl,
    json: values.json,
  };
}
