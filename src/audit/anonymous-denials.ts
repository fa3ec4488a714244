import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

const statements = {
  add: {
    name: 'anonymous_denials_add',
    text: `INSERT INTO anonymous_denials AS kept (minute, source, error, count)
           SELECT minute, source, error, count
           FROM jsonb_to_recordset($1::jsonb) AS seen (minute timestamptz, source text, error text, count integer)
           ORDER BY minute, source, error
           ON CONFLICT (minute, source, error) DO UPDATE SET count = kept.count + excluded.count`,
  },
} satisfies Record<string, Statement>;

/** Sources counted apart in one minute; those beyond share the name `others`, so a flood cannot fill memory. */
const MOST_SOURCES = 10_000;

/** How often counts go to the database, in milliseconds. */
const FLUSH_EVERY = 1000;

interface Count {
  readonly minute: string;
  readonly source: string;
  readonly error: string;
  count: number;
}

/** Counts refusals of callers that nobody knows. */
export interface AnonymousDenials {
  /** Counts one refusal of a caller that did not prove who it is. */
  count(source: string, error: string): void;
  /** Writes what was counted; what cannot be written stays counted. */
  flush(): Promise<void>;
  /** Stops counting and writes the rest. */
  close(): Promise<void>;
}

/**
 * Refusals of unknown callers, counted per source, error and minute: a row each would let anyone fill the audit.
 *
 * @param onError receives a fault of the regular flush
 */
export function createAnonymousDenials(options: {
  db: Database;
  clock: Clock;
  onError: (error: unknown) => void;
}): AnonymousDenials {
  const { db, clock, onError } = options;
  let counts = new Map<string, Count>();

  function add(entry: Count): void {
    const known =
      counts.size < MOST_SOURCES || counts.has(JSON.stringify([entry.minute, entry.source, entry.error]));
    const source = known ? entry.source : 'others';
    const key = JSON.stringify([entry.minute, source, entry.error]);
    const present = counts.get(key);
    if (present === undefined) counts.set(key, { ...entry, source });
    else present.count += entry.count;
  }

  async function flush(): Promise<void> {
    if (counts.size === 0) return;
    const taken = counts;
    counts = new Map();
    try {
      await db.query(statements.add, [JSON.stringify([...taken.values()])]);
    } catch (error) {
      for (const entry of taken.values()) add(entry);
      throw error;
    }
  }

  const timer = setInterval(() => void flush().catch(onError), FLUSH_EVERY).unref();

  return {
    count(source, error) {
      const minute = clock.now();
      minute.setUTCSeconds(0, 0);
      add({ minute: minute.toISOString(), source, error, count: 1 });
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
