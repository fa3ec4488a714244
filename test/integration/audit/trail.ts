import { type Audit, createAudit, createSealer, type Head, type Sealer } from '../../../src/audit/index.ts';
import { type Verification, verifyAudit } from '../../../src/audit/verify.ts';
import { randomIds, systemClock } from '../../../src/clock.ts';
import { type Database, openDatabase, type Row } from '../../../src/db/index.ts';
import { openTestDatabase } from '../../support/database.ts';

/** An hour: no look of these stories comes from the timer, unless it says otherwise. */
const NEVER = 3_600_000;

/** What the chains of these stories are made with. */
export const chainKey = 'the key of the chain in these stories';

/** A node's sealer, and what it told. */
export interface Node extends Sealer {
  readonly db: Database;
  readonly faults: readonly (Error & { code?: string })[];
  readonly heads: readonly Head[];
}

/** A database with an audit trail, and nodes that seal it. */
export interface TrailWorld {
  readonly db: Database;
  /** URL of the database on a server; undefined on the embedded one. */
  readonly url: string | undefined;
  readonly audit: Audit;
  sql<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Writes so many rows in one transaction. @returns their ids */
  write(count: number): Promise<string[]>;
  /** Starts a node's sealer. */
  node(options?: Partial<Parameters<typeof createSealer>[0]>): Node;
  /** Starts the sealer of a node with a pool of its own; on the embedded database, which has one session, nodes share it. */
  nodeApart(): Promise<Node>;
  /** A handle on the database that counts the rows which sealers read through it. */
  counting(): { readonly db: Database; rows(): number };
  /** The chain as it is kept. */
  links(): Promise<{ seq: number; event_id: string; hash: string }[]>;
  verify(head?: Head): Promise<Verification>;
  /** Ends the nodes and empties the audit, for the next story. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a world; its audit is empty after `reset`. */
export async function openTrail(): Promise<TrailWorld> {
  const { db, url } = await openTestDatabase();
  const sql = <R extends object = Row>(text: string, values: readonly unknown[] = []) =>
    db.query<R>({ name: '', text }, values);
  const audit = createAudit({ db, clock: systemClock, ids: randomIds });
  let nodes: Sealer[] = [];
  let pools: Database[] = [];

  async function stop(): Promise<void> {
    for (const one of nodes) await one.close();
    for (const pool of pools) await pool.close();
    nodes = [];
    pools = [];
  }

  function node(options: Partial<Parameters<typeof createSealer>[0]> = {}): Node {
    const faults: Error[] = [];
    const heads: Head[] = [];
    const sealer = createSealer({
      db,
      clock: systemClock,
      key: chainKey,
      every: NEVER,
      onError: (error) => void faults.push(error as Error),
      onHead: (head) => void heads.push(head),
      ...options,
    });
    nodes.push(sealer);
    return { ...sealer, db: options.db ?? db, faults, heads };
  }

  return {
    db,
    url,
    audit,
    sql,
    async write(count) {
      const rows = Array.from({ length: count }, (_, index) =>
        audit.row({
          type: 'token.issued',
          clientId: 'clinic-backend',
          tokenId: randomIds.uuid(),
          detail: { n: index },
        }),
      );
      await audit.add(rows);
      return rows.map(({ id }) => id);
    },
    node,
    async nodeApart() {
      if (url === undefined) return node();
      const { db: own } = await openDatabase({ url, dataDir: '', onError: () => {} });
      pools.push(own);
      return node({ db: own });
    },
    counting() {
      let rows = 0;
      const query: Database['query'] = async <R extends object>(...sent: Parameters<Database['query']>) => {
        const read = await db.query<R>(...sent);
        if (sent[0].name.endsWith('page')) rows += read.length;
        return read;
      };
      return { db: { ...db, query }, rows: () => rows };
    },
    links: () => sql('SELECT seq, event_id, hash FROM audit_chain ORDER BY seq'),
    verify: (head) => verifyAudit({ db, key: chainKey, head }),
    async reset() {
      await stop();
      await sql('TRUNCATE audit_events, audit_chain, audit_head');
      await sql(`INSERT INTO audit_head (seq, hash, horizon) VALUES (0, '', '0')`);
    },
    async close() {
      await stop();
      await db.close();
    },
  };
}

/** The numbers from 1 to a last one. */
export const numbers = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
