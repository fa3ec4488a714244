import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { startPolling } from '../polling.ts';
import type { ChainKey, Head } from './chain.ts';
import { type Progress, sealPage } from './sealing.ts';

/** How often a node looks for rows that are not in the chain, in milliseconds: each has to be there within a second. */
const SEAL_EVERY = 500;

/** How far apart two notes of the head are at least, in milliseconds. */
const NOTE_EVERY = 60_000;

/** Rows that `lag` looks at, from the youngest on, so that its cost has an end. */
const LAG_ROWS = 10_000;

const statements = {
  // As in sealing.ts: the tables grow under a plan that is kept.
  plan: { name: 'audit_lag_plan', text: `SELECT set_config('plan_cache_mode', 'force_custom_plan', true)` },
  oldest: {
    name: 'audit_seal_oldest',
    text: `SELECT min(at) AS at FROM (
             SELECT id, at FROM audit_events
             WHERE written >= (SELECT least(horizon, pg_snapshot_xmin(pg_current_snapshot())) FROM audit_head)
               AND written < pg_snapshot_xmax(pg_current_snapshot())
             ORDER BY written DESC LIMIT ${LAG_ROWS}
           ) AS recent
           WHERE NOT EXISTS (SELECT FROM audit_chain WHERE event_id = recent.id)`,
  },
} satisfies Record<string, Statement>;

export interface Sealer {
  /** Seals what waits, unless another node does; a look that is under way is shared. Never rejects. */
  poll(): Promise<void>;
  /**
   * How long the oldest row that is not in the chain has waited, in seconds; 0 when none waits. Where more than 10,000 wait,
   * the oldest of the 10,000 youngest counts. @throws DatabaseUnavailable
   */
  lag(): Promise<number>;
  /** Ends the sealing and waits for what is under way. */
  close(): Promise<void>;
}

/**
 * Puts every audit row into the hash chain soon after it was committed, as long as a server runs. Every node has a sealer; the
 * one that has the lock seals.
 *
 * @param key what the hashes are made with; who can write the database must not know it
 * @param every milliseconds between two looks
 * @param onError receives the first fault of an outage; those that follow until a look succeeds say the same
 * @param onHead receives the end of the chain when it has moved, at most once a minute: noted outside the database, it shows
 *   that nothing was cut off
 */
export function createSealer(options: {
  db: Database;
  clock: Clock;
  key: ChainKey;
  every?: number;
  onError: (error: unknown) => void;
  onHead?: (head: Head) => void;
}): Sealer {
  const { db, clock, key, every = SEAL_EVERY, onError, onHead = () => {} } = options;
  const now = () => clock.now().getTime();
  let progress: Progress | undefined;
  let noted = { seq: 0, at: Number.NEGATIVE_INFINITY };
  let closed = false;

  function note(head: Head): void {
    // Either way: a clock that was put back must not silence this for hours.
    if (head.seq === noted.seq || Math.abs(now() - noted.at) < NOTE_EVERY) return;
    noted = { seq: head.seq, at: now() };
    onHead(head);
  }

  async function seal(): Promise<void> {
    for (let more = true; more && !closed; ) {
      const page = await sealPage(db, key, progress);
      if (page === undefined) return;
      progress = page.progress;
      more = page.more;
      note(progress.head);
    }
  }

  async function poll(): Promise<void> {
    try {
      await seal();
    } catch (error) {
      // Whatever this node knew may be wrong now: the next look goes by what the database says.
      progress = undefined;
      throw error;
    }
  }

  const polling = startPolling({ poll, every, onError });
  return {
    poll: polling.poll,
    async lag() {
      const [row] = await db.transaction(async () => {
        await db.query(statements.plan);
        return db.query<{ at: Date | null }>(statements.oldest);
      });
      if (!row?.at) return 0;
      return Math.max(0, (now() - row.at.getTime()) / 1000);
    },
    async close() {
      closed = true;
      await polling.close();
    },
  };
}
