/** How much is done: the whole of what `npm run test:faults` promises, or the short form of `.ci/run`. */
const short = process.env.FAULTS === 'short';

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
  /** Restarts of PostgreSQL of each kind. */
  restarts: short ? 1 : 5,
  /** People who are in the middle of signing in at each restart. */
  people: short ? 4 : 10,
  /** Losses of Redis. */
  losses: short ? 1 : 3,
  /** Stops of each node under load. */
  stops: short ? 1 : 3,
  /** Tokens that are taken back on one node and asked about on the other. */
  revocations: short ? 10 : 100,
  /** Wrong passwords that are tried at once. */
  guesses: short ? 100 : 600,
  /** How long the load goes on between two faults, in milliseconds. */
  load: short ? 700 : 3000,
} as const;
