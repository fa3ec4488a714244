import type { Database, Statement } from '../db/index.ts';
import { type ChainKey, type ChainRow, chainColumns, type Head } from './chain.ts';
import type { Fault } from './faults.ts';
import { createWalk, type Link } from './walk.ts';

/** Rows in memory at a time. */
const PAGE = 1000;

const statements = {
  // One statement, so head and last link are those of one moment, while a sealer goes on. A horizon that lies ahead is that of
  // another cluster, and says nothing here.
  ends: {
    name: 'audit_verify_ends',
    text: `SELECT head.seq, head.hash, coalesce(last.seq, 0) AS last,
             CASE WHEN head.horizon > pg_snapshot_xmin(pg_current_snapshot()) THEN '0' ELSE head.horizon::text END AS horizon
           FROM audit_head AS head
           LEFT JOIN (SELECT seq FROM audit_chain ORDER BY seq DESC LIMIT 1) AS last ON true`,
  },
  links: {
    name: 'audit_verify_links',
    text: `SELECT c.seq, c.event_id, c.hash, ${chainColumns}
           FROM (SELECT * FROM audit_chain WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT ${PAGE}) AS c
           LEFT JOIN audit_events e ON e.id = c.event_id
           ORDER BY c.seq`,
  },
  rows: {
    name: 'audit_verify_rows',
    text: `SELECT e.id, e.at::text AS moment, c.seq IS NOT NULL AS sealed, e.written < $3::text::xid8 AS passed
           FROM (
             SELECT id, at, written FROM audit_events WHERE (at, id) > ($1::text::timestamptz, $2::text)
             ORDER BY at, id LIMIT ${PAGE}
           ) AS e
           LEFT JOIN audit_chain c ON c.event_id = e.id
           ORDER BY e.at, e.id`,
  },
} satisfies Record<string, Statement>;

interface Ends extends Head {
  readonly last: number;
  readonly horizon: string;
}

type LinkRow = Head & { readonly event_id: string } & (ChainRow | Readonly<Record<keyof ChainRow, null>>);

interface EventRow {
  readonly id: string;
  readonly moment: string;
  readonly sealed: boolean;
  readonly passed: boolean;
}

/** What became of the audit trail. */
export interface Verification {
  /** Rows, or places of rows, in the chain. */
  readonly sealed: number;
  /** Rows that are not in it yet. */
  readonly unsealed: number;
  /** The end of the chain, to be noted elsewhere. */
  readonly head: Head;
  /** None when everything is as it was written. */
  readonly faults: readonly Fault[];
  /** How many more there are, where they are too many to be named. */
  readonly further: number;
}

async function* links(db: Database, last: number): AsyncGenerator<Link> {
  for (let seq = 0; ; ) {
    const page = await db.query<LinkRow>(statements.links, [seq, last]);
    for (const { seq: number, event_id: id, hash, ...row } of page)
      yield { seq: number, hash, id, row: row.id === null ? undefined : row };
    if (page.length < PAGE) return;
    seq = page.at(-1)?.seq ?? last;
  }
}

async function* events(db: Database, horizon: string): AsyncGenerator<EventRow> {
  for (let after = ['-infinity', '']; ; ) {
    const page = await db.query<EventRow>(statements.rows, [...after, horizon]);
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    after = [end.moment, end.id];
  }
}

/**
 * Checks the audit trail against its chain, in pages, while servers may go on writing. Names every row that was changed,
 * removed, moved or added behind the sealer's back, and every link that was.
 *
 * @param key what the chain was made with
 * @param head a head that was noted before: what was cut off behind it shows only by that
 */
export async function verifyAudit(options: {
  db: Database;
  key: ChainKey;
  head?: Head | undefined;
}): Promise<Verification> {
  const { db, key, head: noted = { seq: 0, hash: '' } } = options;
  const [ends] = await db.query<Ends>(statements.ends);
  if (ends === undefined) throw new Error('the audit chain has no head');
  const { seq, hash, last, horizon } = ends;
  const head = { seq, hash };

  const walk = createWalk(key);
  let sealed = 0;
  let holds = noted.seq === 0;
  for await (const link of links(db, last)) {
    walk.take(link);
    sealed += 1;
    if (link.seq === noted.seq) holds = link.hash === noted.hash;
  }
  if (!holds) walk.name({ kind: 'noted', seq: noted.seq, last });

  let unsealed = 0;
  for await (const row of events(db, horizon)) {
    if (row.sealed) continue;
    unsealed += 1;
    if (row.passed) walk.name({ kind: 'outside', id: row.id });
  }
  return { sealed, unsealed, head, ...walk.end(head) };
}
