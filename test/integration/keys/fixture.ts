import { type Audit, createAudit } from '../../../src/audit/index.ts';
import { CLOCK_SKEW, type Clock, randomIds, systemClock } from '../../../src/clock.ts';
import { type Database, openDatabase } from '../../../src/db/index.ts';
import { createSigningKeys, type SigningKey, type SigningKeys } from '../../../src/keys/index.ts';
import { openTestDatabase } from '../../support/database.ts';
import { masterKey as templateKey } from '../../support/template.ts';

const masterKey = Buffer.from(templateKey, 'base64');

/** A database with signing keys, and nodes that work on it. */
export interface KeyWorld {
  readonly audit: Audit;
  sql<R extends object>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** The keys as one node sees them. */
  open(options?: { key?: Buffer; clock?: Clock; audit?: Audit }): SigningKeys;
  /**
   * A node with a pool of its own; on the embedded database, which has one session, nodes share it.
   *
   * @param databaseTime the time of the database as this node reads it, which then has to agree with its clock; else the tests
   *   move the time of this process alone, and how far from the database's does not matter
   */
  openApart(clock?: Clock, databaseTime?: () => Date): Promise<SigningKeys>;
  close(): Promise<void>;
}

/** A handle that tells another time of the database: what `clock_timestamp()` says is called `at`. */
const withTime = (db: Database, time: () => Date): Database => ({
  ...db,
  async query<R extends object>(...parts: Parameters<Database['query']>) {
    const rows = await db.query<R>(...parts);
    const at = rows.some((row) => 'at' in row) ? time() : undefined;
    return at === undefined ? rows : rows.map((row) => ({ ...row, at }));
  },
});

/** Opens a world of which the keys were made just now. */
export async function openKeyWorld(): Promise<KeyWorld> {
  const { db, url } = await openTestDatabase();
  // Those of the template may be minutes old, and their age decides.
  const made = `UPDATE signing_keys SET created_at = $1, active_at = CASE state WHEN 'active' THEN $1::timestamptz END`;
  await db.query({ name: '', text: made }, [new Date()]);
  const others: Database[] = [];
  const auditOf = (on: Database, clock: Clock) => createAudit({ db: on, clock, ids: randomIds });
  const audit = auditOf(db, systemClock);
  function node(on: Database, clock: Clock, databaseTime: (() => Date) | undefined): SigningKeys {
    const other = { masterKey, clock, audit: auditOf(on, clock) };
    return databaseTime === undefined
      ? createSigningKeys({ ...other, db: on, tolerance: Number.POSITIVE_INFINITY })
      : createSigningKeys({ ...other, db: withTime(on, databaseTime), tolerance: CLOCK_SKEW });
  }
  return {
    audit,
    sql: (text, values = []) => db.query({ name: '', text }, values),
    open: ({ key = masterKey, clock = systemClock, ...other } = {}) =>
      createSigningKeys({
        db,
        masterKey: key,
        clock,
        audit: other.audit ?? audit,
        tolerance: Number.POSITIVE_INFINITY,
      }),
    async openApart(clock = systemClock, databaseTime) {
      if (url === undefined) return node(db, clock, databaseTime);
      const { db: own } = await openDatabase({ url, dataDir: '', onError: () => {} });
      others.push(own);
      return node(own, clock, databaseTime);
    },
    async close() {
      for (const other of others) await other.close();
      await db.close();
    },
  };
}

/** What there always is: one key that signs and one that waits, of each algorithm. */
export const complete = ['ES256 active', 'ES256 next', 'RS256 active', 'RS256 next'];

/** How many keys there are of each algorithm in each state, retiring ones apart. */
export const inUse = (keys: readonly SigningKey[]) =>
  keys
    .filter(({ state }) => state !== 'retiring')
    .map(({ alg, state }) => `${alg} ${state}`)
    .toSorted();

/** The first key of a state, of ES256 unless told otherwise. */
export const keyIn = (keys: readonly SigningKey[], state: string, alg = 'ES256') =>
  keys.find((key) => key.alg === alg && key.state === state);

export const kidOf = (keys: readonly SigningKey[], state: string, alg = 'ES256') =>
  keyIn(keys, state, alg)?.kid;

/** What the audit knows of rotations, in their order. */
export const rotations = ({ sql }: KeyWorld) =>
  sql<{ detail: Record<string, unknown> }>(
    `SELECT detail FROM audit_events WHERE type = 'key.rotated' ORDER BY at, detail->>'alg'`,
  ).then((rows) => rows.map(({ detail }) => detail));
