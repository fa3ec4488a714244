import type { StopMode } from './stage/cluster.ts';

/** How much is done: the whole of what `npm run test:faults` promises, or the short form of `.ci/run`. */
const short = process.env.FAULTS === 'short';

const bothModes: readonly StopMode[] = ['fast', 'immediate'];

/** Numbers of the form in which the suite runs. */
export const form = {
  /** Parallel uses of one thing, half on each node. */
  parallel: 50,
  /** Rounds of each double spend. */
  rounds: short ? 3 : 20,
  /** Rounds in which every one of the parallel uses is a page that somebody answers. */
  pageRounds: short ? 1 : 3,
  /** Kills of a node under load. */
  kills: short ? 2 : 5,
  /** Restarts of PostgreSQL, with sessions in Redis and with sessions in PostgreSQL. */
  restarts: {
    redis: short ? (['fast'] as const) : bothModes,
    postgres: short ? (['immediate'] as const) : bothModes,
  },
  /** People who are in the middle of signing in at each restart. */
  people: short ? 4 : 10,
  /** Losses of Redis. */
  losses: short ? 1 : 3,
  /** Stops of each node under load. */
  stops: short ? 1 : 3,
  /** How long a node goes on after SIGTERM, in seconds. */
  grace: short ? 2 : 5,
  /** Tokens that are taken back on one node and asked about on the other. */
  revocations: short ? 10 : 100,
  /** Wrong passwords that are tried at once. */
  guesses: short ? 100 : 600,
  /** What a client of the load does between two turns, in milliseconds: the machine belongs to the nodes. */
  pause: short ? 40 : 20,
  /** How long the load goes on between two faults, in milliseconds. */
  load: short ? 700 : 3000,
} as const;
