import {
  type Answered,
  answeredBy,
  type Database,
  isOfRun,
  locks,
  noteRun,
  type Run,
  type Statement,
} from '../db/index.ts';
import { AssentError } from '../errors.ts';
import { type ChainKey, type ChainRow, chainColumns, type Head, link } from './chain.ts';

/**
 * Rows read in one transaction. A thousand hashes take some 20 ms of the thread that also issues tokens; what is left is
 * read at once, after others had their turn.
 */
const PAGE = 500;

const pageColumns = `${chainColumns}, e.written::text AS written, e.at::text AS moment, c.seq IS NOT NULL AS sealed`;

const statements = {
  // A plan that was made while the chain was short, and kept, would read all of it for every page.
  lock: {
    name: 'audit_seal_lock',
    text: `SELECT pg_try_advisory_xact_lock($1) AS held, set_config('plan_cache_mode', 'force_custom_plan', true)`,
  },
  head: {
    name: 'audit_seal_head',
    text: `SELECT head.seq, head.hash, head.horizon::text AS horizon,
             head.horizon > pg_snapshot_xmin(seen) AS restored, seen::text AS seen, ${answeredBy},
             $1::bigint = 0 OR EXISTS (SELECT FROM audit_chain WHERE seq = $1 AND hash = $2) AS continues
           FROM audit_head AS head, pg_current_snapshot() AS seen`,
  },
  // Two ranges of one index, never one condition with OR: that would make PostgreSQL read the index from its beginning.
  page: {
    name: 'audit_seal_page',
    text: `SELECT ${pageColumns}
           FROM (
             (SELECT * FROM audit_events
              WHERE written = ANY ($4::text::xid8[])
                AND (written, at, id) > ($1::text::xid8, $2::text::timestamptz, $3::text)
              ORDER BY written, at, id LIMIT ${PAGE})
             UNION ALL
             (SELECT * FROM audit_events
              WHERE written >= $5::text::xid8 AND written < $6::text::xid8
                AND (written, at, id) > ($1::text::xid8, $2::text::timestamptz, $3::text)
              ORDER BY written, at, id LIMIT ${PAGE})
           ) AS e
           LEFT JOIN audit_chain c ON c.event_id = e.id
           ORDER BY e.written, e.at, e.id LIMIT ${PAGE}`,
  },
  whole: {
    name: 'audit_seal_whole_page',
    text: `SELECT ${pageColumns}
           FROM (
             SELECT * FROM audit_events WHERE (at, id) > ($1::text::timestamptz, $2::text) ORDER BY at, id LIMIT ${PAGE}
           ) AS e
           LEFT JOIN audit_chain c ON c.event_id = e.id
           ORDER BY e.at, e.id`,
  },
  add: {
    name: 'audit_chain_add',
    text: `INSERT INTO audit_chain (seq, event_id, hash)
           SELECT seq, event_id, hash
           FROM jsonb_to_recordset($1::jsonb) AS added (seq bigint, event_id text, hash text)`,
  },
  move: {
    name: 'audit_head_move',
    text: `UPDATE audit_head SET seq = $1, hash = $2, horizon = $3::text::xid8 WHERE seq = $4 AND hash = $5 RETURNING seq`,
  },
} satisfies Record<string, Statement>;

interface HeadRow extends Head, Answered {
  readonly horizon: string;
  readonly restored: boolean;
  readonly seen: string;
  readonly continues: boolean;
}

interface PageRow extends ChainRow {
  readonly id: string;
  readonly written: string;
  readonly moment: string;
  readonly sealed: boolean;
}

interface ChainLink extends Head {
  readonly event_id: string;
}

/** What can be new: rows of transactions that were running at a look before, and of those that have begun since. */
interface Range {
  /** Those that were running, as an array of PostgreSQL. */
  readonly running: string;
  readonly from: string;
}

/** One way through what can be new, or through the whole table, a page at a time. */
interface Pass {
  /** Undefined for the whole table. It ends at `to`: what begins later is left for the next pass. */
  readonly range: (Range & { readonly to: string }) | undefined;
  /** The last row that was read. */
  readonly after: { readonly written: string; readonly moment: string; readonly id: string };
  /** Every transaction below had ended when the pass began. */
  readonly horizon: string;
  /** What can be new when it has ended. */
  readonly next: Range;
}

/** How far a node has come, and the head at which it came there. */
export interface Progress {
  readonly head: Head;
  /** Where the transactions are counted that `pass` and `range` are about. */
  readonly run: Run;
  /** The pass that is under way. */
  readonly pass?: Pass;
  /** What can be new, once this node has gone through everything. */
  readonly range?: Range | undefined;
}

/** What one page has brought. */
export interface Sealed {
  readonly progress: Progress;
  /** Whether there is more to read. */
  readonly more: boolean;
}

const beginning = { written: '0', moment: '-infinity', id: '' };

/**
 * Rows from before this version have no transaction. And where the horizon lies ahead, the database was put back into a cluster
 * that counts its transactions anew: what they say means nothing. Both times everything is looked at, once.
 */
const needsWhole = ({ horizon, restored }: HeadRow) => restored || horizon === '0';

function newPass(head: HeadRow, known: Range | undefined): Pass {
  const [xmin = '', xmax = '', running = ''] = head.seen.split(':');
  const range = { ...(known ?? { running: '{}', from: head.horizon }), to: xmax };
  return {
    range: needsWhole(head) ? undefined : range,
    after: beginning,
    horizon: xmin,
    next: { running: `{${running}}`, from: xmax },
  };
}

/** The links that rows get, in their order, behind a head. */
function extend(key: ChainKey, { seq, hash }: Head, rows: readonly PageRow[]): readonly ChainLink[] {
  const links: ChainLink[] = [];
  let previous = hash;
  for (const row of rows) {
    const place = { seq: seq + links.length + 1, previous };
    previous = link(key, place, row);
    links.push({ seq: place.seq, event_id: row.id, hash: previous });
  }
  return links;
}

/**
 * Seals one page of rows in one transaction: every row gets the next number and the hash that ties it to the one before.
 *
 * A row is new if its transaction (`written`) had not ended when the last pass began. Of those that had begun by then only
 * the ones still running can bring more, and they are read by name, so it costs nothing that one of them runs for hours.
 * `audit_head.horizon`, the oldest of them, is for a node that knows nothing yet, or nothing of
 * the run of the server that answers. What it reads twice it sees to be sealed.
 *
 * @param progress what the page before has returned; undefined at the start and after a fault
 * @returns undefined while another node seals
 * @throws AssentError `audit_chain_cut` when the chain does not hold the head that this node has left
 */
export function sealPage(
  db: Database,
  key: ChainKey,
  progress: Progress | undefined,
): Promise<Sealed | undefined> {
  async function readHead(): Promise<HeadRow> {
    const { seq, hash } = progress?.head ?? { seq: 0, hash: '' };
    const [head] = await db.query<HeadRow>(statements.head, [seq, hash]);
    if (head === undefined) throw new AssentError('audit_head_gone', 'The audit chain has no head');
    if (!head.continues)
      throw new AssentError('audit_chain_cut', `The audit chain does not hold its link ${seq} any more`);
    return head;
  }

  async function move(before: HeadRow, head: Head, horizon: string): Promise<void> {
    const values = [head.seq, head.hash, horizon, before.seq, before.hash];
    if ((await db.query(statements.move, values)).length === 0)
      throw new AssentError('audit_head_moved', 'The head of the audit chain was moved meanwhile');
  }

  function read({ range, after }: Pass): Promise<PageRow[]> {
    const { written, moment, id } = after;
    if (range === undefined) return db.query(statements.whole, [moment, id]);
    return db.query(statements.page, [written, moment, id, range.running, range.from, range.to]);
  }

  return db.transaction(async () => {
    const [lock] = await db.query<{ held: boolean }>(statements.lock, [locks.sealer]);
    if (!lock?.held) return undefined;
    // A statement of its own: it sees what the node that had the lock before has left.
    const before = await readHead();
    // A server that took over, or has crashed, may count again what this node has gone through. What the head says came with it.
    const same = isOfRun(progress?.run, before) ? progress : undefined;
    const known = needsWhole(before) ? undefined : same?.range;
    const pass = same?.pass ?? newPass(before, known);
    const run = noteRun(progress?.run, before);
    const rows = await read(pass);
    const fresh = rows.filter(({ sealed }) => !sealed);
    const links = extend(key, before, fresh);
    const head = links.at(-1) ?? before;
    const last = rows.length === PAGE ? rows.at(-1) : undefined;

    if (links.length > 0) await db.query(statements.add, [JSON.stringify(links)]);
    // A node that knew nothing notes how far it has come even if it found nothing: the next need not go there again.
    const notes = last === undefined && known === undefined;
    const horizon = last === undefined ? pass.horizon : before.horizon;
    if (links.length > 0 || notes) await move(before, head, horizon);

    const end = { seq: head.seq, hash: head.hash };
    if (last === undefined) return { progress: { head: end, run, range: pass.next }, more: false };
    const { written, moment, id } = last;
    return {
      progress: { head: end, run, range: known, pass: { ...pass, after: { written, moment, id } } },
      more: true,
    };
  });
}
