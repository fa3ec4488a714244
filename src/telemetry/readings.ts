import { setTimeout } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../db/index.ts';

/** What is asked for at each scrape. One that is not given, fails or takes too long has no sample in that scrape. */
export interface Readings {
  /** Connections to the database. */
  readonly pool?: Database['load'];
  /** Expired rows that wait to be cleared away, of each table. */
  readonly rowsWaiting?: () => Promise<Readonly<Record<string, number>>>;
  /** Seconds since the oldest audit row was written that the chain does not hold yet; 0 when it holds all. */
  readonly auditLag?: () => Promise<number>;
  /** Revocations that this node keeps in memory. */
  readonly revocations?: () => number;
  /** Seconds since this node last looked for revocations. */
  readonly revocationsAge?: () => number;
  /** Passwords that wait to be checked. */
  readonly passwordQueue?: () => number;
}

/** How long a scrape waits for a reading, in milliseconds. */
const PATIENCE = 1000;

type Values = number | Readonly<Record<string, number>>;

/** Asks once at a time: scrapes that come while the database is silent share the question that is under way. */
function createQuestion(read: () => Values | Promise<Values>): () => Promise<Values | undefined> {
  let underWay: Promise<Values | undefined> | undefined;

  async function ask(): Promise<Values | undefined> {
    try {
      return await read();
    } catch {
      return undefined;
    } finally {
      underWay = undefined;
    }
  }

  return async () => {
    underWay ??= ask();
    const over = new AbortController();
    const tooLate = setTimeout(PATIENCE, undefined, { signal: over.signal, ref: false });
    try {
      return await Promise.race([underWay, tooLate]);
    } finally {
      over.abort();
    }
  };
}

interface Sort {
  readonly name: string;
  readonly help: string;
  /** The label that tells the values apart, where there are several. */
  readonly label?: string;
  readonly read: (() => Values | Promise<Values>) | undefined;
}

function addGauge(register: Registry, { name, help, label, read }: Sort): void {
  if (read === undefined) return;
  const ask = createQuestion(read);
  new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [register],
    async collect() {
      const values = await ask();
      this.reset();
      if (label === undefined) {
        // Without a label `reset` means 0, which nobody has read.
        if (typeof values === 'number' && Number.isFinite(values)) this.set(values);
        else this.remove();
      } else if (typeof values === 'object') {
        for (const [of, value] of Object.entries(values)) this.set({ [label]: of }, value);
      }
    },
  });
}

/** Adds the gauges of everything that can be read. */
export function addReadings(register: Registry, readings: Readings): void {
  const { pool } = readings;
  const sorts: readonly Sort[] = [
    {
      name: 'assent_db_pool_connections',
      help: 'Connections to the database of this node, by what they do.',
      label: 'state',
      read: pool && (() => ({ used: pool().total - pool().idle, idle: pool().idle })),
    },
    {
      name: 'assent_db_pool_waiting',
      help: 'Callers that wait for a connection to the database.',
      read: pool && (() => pool().waiting),
    },
    {
      name: 'assent_rows_waiting',
      help: 'Expired rows that wait to be cleared away, by table.',
      label: 'table',
      read: readings.rowsWaiting,
    },
    {
      name: 'assent_audit_lag_seconds',
      help: 'Age of the oldest audit row that the chain does not hold yet.',
      read: readings.auditLag,
    },
    {
      name: 'assent_revocations',
      help: 'Revocations that this node keeps in memory.',
      read: readings.revocations,
    },
    {
      name: 'assent_revocations_age_seconds',
      help: 'Time since this node last looked for revocations.',
      read: readings.revocationsAge,
    },
    {
      name: 'assent_password_queue',
      help: 'Passwords that wait to be checked.',
      read: readings.passwordQueue,
    },
  ];
  for (const sort of sorts) addGauge(register, sort);
}
