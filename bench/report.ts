import type { ContestantName } from './options.ts';
import type { Round } from './round.ts';
import type { Workload } from './workloads.ts';

export interface Result {
  readonly contestant: ContestantName;
  readonly workload: Workload;
  /** Requests a second, one value a round. */
  readonly rounds: readonly number[];
  readonly requestsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface Ratio {
  readonly workload: Workload;
  readonly peer: ContestantName;
  readonly ratio: number;
}

/** The value below which the given share of the values lies (nearest rank). */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** Throughput is the median of the rounds, so that one disturbed round does not decide; latencies are pooled. */
export function summarise(contestant: ContestantName, workload: Workload, rounds: readonly Round[]): Result {
  const rates = rounds.map((round) => round.requestsPerSecond);
  const latencies = rounds.flatMap((round) => round.latencies);
  return {
    contestant,
    workload,
    rounds: rates,
    requestsPerSecond: quantile(rates, 0.5),
    medianMs: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/**
 * Assent's throughput divided by each peer's: the median of the rounds, each beside the peer's in the same round, because a
 * machine that slows down between rounds slows down both.
 */
export function ratios(results: readonly Result[]): Ratio[] {
  return results
    .filter((result) => result.contestant !== 'assent')
    .flatMap((peer) => {
      const ours = results.find(
        (result) => result.contestant === 'assent' && result.workload === peer.workload,
      );
      if (!ours) return [];
      const beside = peer.rounds.map((rate, round) => (ours.rounds[round] ?? Number.NaN) / rate);
      return [{ workload: peer.workload, peer: peer.contestant, ratio: quantile(beside, 0.5) }];
    });
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return rows.map(line).join('\n');
}

/** The results as people read them. */
export function format(results: readonly Result[]): string {
  const header = ['workload', 'contestant', 'requests/s', 'slowest-fastest round', 'median ms', 'p99 ms'];
  const rows = results.map((result) => [
    result.workload,
    result.contestant,
    result.requestsPerSecond.toFixed(0),
    `${Math.min(...result.rounds).toFixed(0)}-${Math.max(...result.rounds).toFixed(0)}`,
    result.medianMs.toFixed(1),
    result.p99Ms.toFixed(1),
  ]);
  const comparisons = ratios(results).map(
    ({ workload, peer, ratio }) => `${workload}: assent / ${peer} = ${ratio.toFixed(2)}`,
  );
  return [table([header, ...rows]), comparisons.join('\n')].filter((part) => part !== '').join('\n\n');
}
