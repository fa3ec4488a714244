/**
 * `npm run bench`: how many tokens a second, against the bare library, in one run on one machine.
 *
 * What is measured. The client credentials grant, with `client_secret_basic` and with `private_key_jwt` (ES384,
 * assertions signed beforehand), each answered with an ES256 JWT access token for one API. The contestants take turns,
 * round after round, so that a slow spell of the machine meets all of them:
 *
 * - `assent`: the real server, with everything it does for a token: an audit row committed before the answer, scopes
 *   checked against API and client, replay of an assertion refused by a unique key; limits, metrics, sealing of the
 *   audit, housekeeping and the deny-list are on;
 * - `assent-guessed-at`: the same server while somebody tries 50 wrong passwords a second at its sign-in page;
 * - `bare-postgres`: `oidc-provider` with the plain PostgreSQL adapter of its documentation. No audit, and of two
 *   simultaneous uses of one assertion both succeed;
 * - `bare-memory`: the same with the library's in-memory store: what HTTP, library and signature cost without a
 *   database. No real deployment can be like this, it is the line to aim at.
 *
 * How to read it. Requests a second is the median of the rounds; if slowest and fastest round lie far apart, the
 * machine was busy and the figures are worth little. Latencies come from a closed loop of 32 connections: they follow
 * from the throughput and are not those of a lightly loaded server. Load generator, server and PostgreSQL share the
 * machine's cores, so only ratios within one run mean something. A ratio above 1 says that assent is faster.
 *
 * Every answer is checked and a single failure ends the run. Databases (`assent_bench_*`, beside DATABASE_URL),
 * servers and directories are made for the run and removed at its end; nothing is written here unless `--json FILE`
 * asks for it. Other options: `--only assent,assent-guessed-at,bare-postgres,bare-memory`, `--rounds`, `--requests`, `--warm-up`.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from './cleanup.ts';
import { type Contestant, guessedAt, startContestant } from './contestants.ts';
import { describePostgres } from './databases.ts';
import { type Options, readOptions } from './options.ts';
import { format, type Result, ratios, summarise } from './report.ts';
import { CONNECTIONS, type Round, runRound } from './round.ts';
import { WORKLOAD_NAMES, type Workload } from './workloads.ts';

const TIME_LIMIT = 600_000;
/** No round begins later than this; what has been measured by then is reported. */
const LAST_START = 400_000;
/** Lets a server finish what it puts off, so that the next one does not pay for it. */
const SETTLE = 1000;

const CAVEAT = `
assent does more for each token than its peers: it checks scopes and provenance, refuses a replayed assertion by a
unique key, and commits an audit row before it answers. The peers keep no record.`;

interface Entry {
  readonly contestant: Contestant;
  readonly workload: Workload;
  readonly rounds: Round[];
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => controller.abort(new Error(`interrupted by ${name}`)));
  }
  return AbortSignal.any([controller.signal, AbortSignal.timeout(TIME_LIMIT)]);
}

async function measure(options: Options, cleanup: Cleanup, signal: AbortSignal): Promise<Result[]> {
  const contestants: Contestant[] = [];
  for (const name of options.contestants) {
    const around = { databaseUrl: options.databaseUrl, cleanup, signal };
    const assent = contestants.find((one) => one.name === 'assent');
    if (name !== 'assent-guessed-at') contestants.push(await startContestant(name, around));
    else if (assent !== undefined) contestants.push(guessedAt(assent));
    else throw new Error('--only: assent-guessed-at is measured beside assent');
  }
  const entries: Entry[] = WORKLOAD_NAMES.flatMap((workload) =>
    contestants.map((contestant) => ({ contestant, workload, rounds: [] })),
  );
  for (const { contestant, workload } of entries) {
    await runRound(contestant, workload, options.warmUp, signal);
  }
  for (let round = 1; round <= options.rounds; round++) {
    if (round > 1 && performance.now() > LAST_START) {
      console.log(`Out of time: ${round - 1} of ${options.rounds} rounds.`);
      break;
    }
    for (const { contestant, workload, rounds } of entries) {
      rounds.push(await runRound(contestant, workload, options.requests, signal));
      await sleep(SETTLE, undefined, { signal });
    }
  }
  return entries.map(({ contestant, workload, rounds }) => summarise(contestant.name, workload, rounds));
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    postgres: await describePostgres(options.databaseUrl),
  };
  console.log(`${machine.cores} cores (${machine.cpu}), Node ${machine.node}, ${machine.postgres}`);
  console.log(`${options.rounds} rounds of ${options.requests} requests on ${CONNECTIONS} connections\n`);

  const cleanup = new Cleanup();
  const signal = interruption();
  try {
    const results = await measure(options, cleanup, signal);
    console.log(format(results));
    if (options.contestants.includes('assent')) console.log(CAVEAT);
    if (options.json !== undefined) {
      await writeFile(
        options.json,
        `${JSON.stringify({ machine, results, ratios: ratios(results) }, null, 2)}\n`,
      );
    }
  } catch (error) {
    // What failed because of an interruption says less than the interruption itself.
    throw signal.aborted ? signal.reason : error;
  } finally {
    await cleanup.run();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
