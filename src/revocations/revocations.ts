import { type Answered, answeredBy, type Database, type Statement } from '../db/index.ts';

const statements = {
  add: {
    name: 'revocations_add',
    text: `INSERT INTO revocations (kind, id, expires_at)
           SELECT kind, id, expires_at
           FROM jsonb_to_recordset($1::jsonb) AS taken (kind text, id text, expires_at timestamptz)
           ORDER BY kind, id
           ON CONFLICT (kind, id) DO NOTHING RETURNING id`,
  },
  // Taken back again, it counts as new, so that every node sees it.
  narrow: {
    name: 'revocations_narrow',
    text: `INSERT INTO revocations AS kept (kind, id, to_version, expires_at) VALUES ('narrowed', $1, $2, $3)
           ON CONFLICT (kind, id) DO UPDATE SET to_version = greatest(kept.to_version, excluded.to_version),
             expires_at = greatest(kept.expires_at, excluded.expires_at), written = pg_current_xact_id()`,
  },
  // One statement, so one snapshot: what is not in it, a transaction from `horizon` on may still bring.
  since: {
    name: 'revocations_since',
    text: `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, clock_timestamp() AS at, ${answeredBy},
             (SELECT coalesce(jsonb_agg(jsonb_build_array(kind, id, floor(extract(epoch FROM expires_at) * 1000), to_version)), '[]')
              FROM revocations WHERE written >= $1::text::xid8 AND expires_at > $2) AS added`,
  },
  find: {
    name: 'revocations_find',
    text: `SELECT id FROM revocations
           WHERE (kind = 'token' AND id = $1 OR kind = 'grant' AND id = $2
             OR kind = 'narrowed' AND id = $2 AND to_version >= $4) AND expires_at > $3 LIMIT 1`,
  },
} satisfies Record<string, Statement>;

/** A token (by its `jti`) or a grant that was taken back before its time. */
export interface Revocation {
  readonly kind: 'token' | 'grant';
  readonly id: string;
  /** When every token that it concerns has ended by itself. */
  readonly expiresAt: Date;
}

/** A grant that goes on with less: what was made from it before is taken back, and what is made from then on is good. */
export interface Narrowing {
  readonly grant: string;
  /** Tokens count as made before when they were made from this version of the decision, or an earlier one. */
  readonly toVersion: number;
  /** When every such token has ended by itself. */
  readonly expiresAt: Date;
}

/** What decides about a JWT: its `jti`, and the grant that it came from, if a person's grant it was. */
export interface TokenIds {
  readonly token: string;
  readonly grant: string | undefined;
  /** The version of the decision that it was made from; without one it is older than any. */
  readonly version?: number | undefined;
}

/** What was written since an earlier look, and from where on the next one has to look. */
export interface Added extends Answered {
  /** The time of the database. */
  readonly at: Date;
  /** The oldest transaction that had not ended. */
  readonly horizon: bigint;
  readonly revocations: readonly Revocation[];
  readonly narrowings: readonly Narrowing[];
}

interface AddedRow extends Answered {
  readonly at: Date;
  readonly horizon: string;
  readonly added: readonly [Revocation['kind'] | 'narrowed', string, number, number | null][];
}

/** Tokens and grants that were taken back, as the database has them. */
export interface Revocations {
  /** Notes what is taken back; part of the caller's transaction, if there is one. @returns how many of them are new */
  add(revocations: readonly Revocation[]): Promise<number>;
  /** Notes that a grant goes on with less; part of the caller's transaction, if there is one. */
  narrow(narrowing: Narrowing): Promise<void>;
  /** What was written by transactions from `horizon` on; 0 for everything. */
  since(horizon: bigint): Promise<Added>;
  /** Asks the database about one token. */
  has(ids: TokenIds, now: Date): Promise<boolean>;
}

/** Tokens and grants that were taken back before their time. */
export function createRevocations(options: { db: Database; clock: { now(): Date } }): Revocations {
  const { db, clock } = options;
  return {
    async add(revocations) {
      const rows = revocations.map(({ kind, id, expiresAt }) => ({ kind, id, expires_at: expiresAt }));
      return (await db.query(statements.add, [JSON.stringify(rows)])).length;
    },
    async narrow({ grant, toVersion, expiresAt }) {
      await db.query(statements.narrow, [grant, toVersion, expiresAt]);
    },
    async since(from) {
      const [row] = await db.query<AddedRow>(statements.since, [String(from), clock.now()]);
      if (row === undefined) throw new Error('a SELECT without FROM has one row');
      const { at, horizon, server, session, added } = row;
      const revocations: Revocation[] = [];
      const narrowings: Narrowing[] = [];
      for (const [kind, id, end, toVersion] of added) {
        const expiresAt = new Date(end);
        if (kind === 'narrowed') narrowings.push({ grant: id, toVersion: toVersion ?? 0, expiresAt });
        else revocations.push({ kind, id, expiresAt });
      }
      return { at, horizon: BigInt(horizon), server, session, revocations, narrowings };
    },
    async has({ token, grant, version = 0 }, now) {
      return (await db.query(statements.find, [token, grant ?? null, now, version])).length > 0;
    },
  };
}
