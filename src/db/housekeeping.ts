import { setTimeout as pause } from 'node:timers/promises';
import { CLOCK_SKEW, type Clock } from '../clock.ts';
import { AssentError } from '../errors.ts';
import type { Database, Statement } from './database.ts';
import { locks } from './locks.ts';

/** A table whose rows are of no use any more after some time. */
export interface ExpiringTable {
  readonly name: string;
  /** The column that says when. A row without a value there never expires. It needs an index. */
  readonly column: string;
  /** How that column counts: as instants, or as milliseconds since 1970. */
  readonly type: 'timestamptz' | 'bigint';
  /** How long a row stays beyond that, in seconds. */
  readonly kept: number;
}

/** Rows that go at a time. Of 5,000 the slowest took 1.2 s, where a statement may take two; of 2,000 it took 0.3 s. */
const BATCH = 2000;

/** How long others have the database to themselves between two batches, in milliseconds. */
const PAUSE = 10;

/** Rows of a table that are counted at most. */
const MOST_COUNTED = 100_000;

const lead: Statement = {
  name: 'housekeeping_lead',
  text: 'SELECT pg_try_advisory_xact_lock($1) AS leads, clock_timestamp() AS at',
};

/** A value of the column by which a table expires. */
type Mark = Date | number;

/** What a batch has done: rows that are gone, rows that it found, and the mark of the last of those. */
interface Batch {
  readonly cleared: number;
  readonly seen: number;
  readonly last: Mark | null;
}

const markAt = ({ type }: ExpiringTable, at: number): Mark => (type === 'bigint' ? at : new Date(at));

/** Before which mark rows may go. */
const lastMark = (table: ExpiringTable, now: Date): Mark => markAt(table, now.getTime() - table.kept * 1000);

function clearStatement({ name, column }: ExpiringTable): Statement {
  return {
    name: `housekeeping_clear_${name}`,
    // What somebody holds is left for the next time. From where the batch before ended: its rows are dead, but still there.
    text: `WITH expired AS MATERIALIZED (
             SELECT ctid, ${column} AS mark FROM ${name} WHERE ${column} < $1 AND ${column} >= $2
             ORDER BY ${column} LIMIT $3 FOR UPDATE SKIP LOCKED),
           cleared AS (DELETE FROM ${name} WHERE ctid = ANY (ARRAY (SELECT ctid FROM expired)) RETURNING 1)
           SELECT (SELECT count(*) FROM cleared) AS cleared, count(*) AS seen, max(mark) AS last FROM expired`,
  };
}

function countStatement({ name, column }: ExpiringTable): Statement {
  return {
    name: `housekeeping_count_${name}`,
    text: `SELECT count(*) AS waiting FROM (SELECT FROM ${name} WHERE ${column} < $1 LIMIT $2) AS expired`,
  };
}

/** Expired rows that wait, of each table: at most 100,000 are counted. */
export type Waiting = Readonly<Record<string, number>>;

export interface Housekeeping {
  /**
   * Clears away now what has expired, unless another node does; a round that is under way is shared. Never rejects.
   *
   * @returns how many rows are gone
   */
  round(): Promise<number>;
  /** How many expired rows wait; any node may ask. @throws DatabaseUnavailable */
  waiting(): Promise<Waiting>;
  /** Ends the housekeeping, and waits for a batch under way. */
  close(): Promise<void>;
}

/**
 * Clears away rows that have expired, as long as a server runs: about once a minute, on one node at a time, in small
 * transactions. A row that has not expired, or that somebody holds, stays.
 *
 * @param tables what is cleared away from, and when
 * @param every milliseconds between two rounds, give or take a half
 * @param random between 0 and 1: nodes that start together must not go on together
 * @param onError receives the first fault of an outage; those that follow until a round succeeds say the same
 * @param onRound receives how many rows a round has cleared away, and from which tables
 */
export function createHousekeeping(options: {
  db: Database;
  clock: Clock;
  tables: readonly ExpiringTable[];
  every?: number;
  random?: () => number;
  onError: (error: unknown) => void;
  onRound?: (cleared: Readonly<Record<string, number>>) => void;
}): Housekeeping {
  const { db, clock, tables, onError, onRound = () => {} } = options;
  const { every = 60_000, random = Math.random } = options;
  const statements = tables.map((table) => ({
    table,
    clear: clearStatement(table),
    count: countStatement(table),
  }));
  const closing = new AbortController();
  let failing = false;
  let underWay: Promise<number> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** One transaction. @returns undefined where another node is at it */
  function clearBatch(table: ExpiringTable, clear: Statement, since: Mark): Promise<Batch | undefined> {
    return db.transaction(async () => {
      const [led] = await db.query<{ leads: boolean; at: Date }>(lead, [locks.housekeeping]);
      if (!led?.leads) return undefined;
      const now = clock.now();
      // What has not expired would go: such a node is not ready, and this is not for it either.
      if (now.getTime() - led.at.getTime() >= CLOCK_SKEW)
        throw new AssentError('clock_skew', 'The clock of this node is ahead of the database');
      const [batch] = await db.query<Batch>(clear, [lastMark(table, now), since, BATCH]);
      return batch;
    });
  }

  /** @returns false where another node is at it */
  async function clearTable(
    { table, clear }: (typeof statements)[number],
    onCleared: (rows: number) => void,
  ): Promise<boolean> {
    let since = markAt(table, 0);
    while (!closing.signal.aborted) {
      const batch = await clearBatch(table, clear, since);
      if (batch === undefined) return false;
      onCleared(batch.cleared);
      if (batch.seen < BATCH) break;
      since = batch.last ?? since;
      await pause(PAUSE, undefined, { ref: false, signal: closing.signal }).catch(() => {});
    }
    return true;
  }

  async function once(): Promise<number> {
    const cleared = Object.fromEntries(tables.map(({ name }) => [name, 0]));
    const faults: unknown[] = [];
    for (const one of statements) {
      const { name } = one.table;
      const add = (rows: number) => {
        cleared[name] = (cleared[name] ?? 0) + rows;
      };
      try {
        if (!(await clearTable(one, add))) break;
      } catch (error) {
        // The others must not fill up because of one.
        faults.push(error);
      }
    }
    if (faults.length > 0 && !failing) onError(faults[0]);
    failing = faults.length > 0;
    underWay = undefined;
    onRound(cleared);
    return Object.values(cleared).reduce((sum, rows) => sum + rows, 0);
  }

  function round(): Promise<number> {
    underWay ??= once();
    return underWay;
  }

  /** One after the other: a round that takes longer than the pause must not meet the next. */
  function wait(): void {
    timer = setTimeout(
      async () => {
        await round();
        if (!closing.signal.aborted) wait();
      },
      every * (0.5 + random()),
    ).unref();
  }

  wait();
  return {
    round,
    async waiting() {
      const now = clock.now();
      const counts: [string, number][] = [];
      for (const { table, count } of statements) {
        const [row] = await db.query<{ waiting: number }>(count, [lastMark(table, now), MOST_COUNTED]);
        counts.push([table.name, row?.waiting ?? 0]);
      }
      return Object.fromEntries(counts);
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await underWay;
    },
  };
}
