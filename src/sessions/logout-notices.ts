import { createHash } from 'node:crypto';
import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

/** Tries at one notice; after the last it is given up. */
export const MOST_TRIES = 5;

/** Seconds to wait after the first try, the second and so on. The first is longer than a try may take (`outgoing/`). */
const PAUSES = [15, 60, 300, 1800] as const;

/** How long a notice is kept, whatever became of it, in seconds. */
const KEPT = 24 * 3600;

const statements = {
  add: {
    name: 'logout_notices_add',
    text: `INSERT INTO logout_notices (id, client_id, account_id, sid, created_at, next_at, expires_at)
           SELECT id, client_id, account_id, sid, $2, $2, $3
           FROM jsonb_to_recordset($1::jsonb) AS notice (id text, client_id text, account_id text, sid text)
           ORDER BY id
           ON CONFLICT (id) DO NOTHING`,
  },
  // Claimed by being put off: no other node takes it meanwhile, and a node that dies over it leaves it to the next try. Past
  // the last pause the time is NULL, so that a fifth try has no successor.
  claim: {
    name: 'logout_notices_claim',
    text: `UPDATE logout_notices SET attempts = attempts + 1,
             next_at = $1::timestamptz + make_interval(secs => ($2::integer[])[attempts + 1])
           WHERE id IN (SELECT id FROM logout_notices WHERE next_at <= $1 AND expires_at > $1 ORDER BY next_at, id
                        LIMIT $3 FOR UPDATE SKIP LOCKED)
             AND next_at <= $1
           RETURNING id, client_id, account_id, sid, attempts`,
  },
  done: { name: 'logout_notices_done', text: 'DELETE FROM logout_notices WHERE id = $1' },
} satisfies Record<string, Statement>;

/** What an application is to be told: that a person is signed out, in one browser session or altogether. */
export interface LogoutNotice {
  readonly clientId: string;
  readonly accountId: string;
  /** `sid` of the session in the application's id_tokens; undefined: whichever it has of her. */
  readonly sid: string | undefined;
}

/** One that a node has taken to send. */
export interface ClaimedNotice extends LogoutNotice {
  readonly id: string;
  /** This try included. */
  readonly attempts: number;
}

/** What applications are still to be told. */
export interface LogoutNotices {
  /**
   * Adds notices; part of the caller's transaction, if there is one. That a session ended is told once, however often it is
   * added while it waits.
   */
  add(notices: readonly LogoutNotice[]): Promise<void>;
  /** Takes some to send: no other node has them until their next try, after the pause. @param most how many */
  claim(most: number): Promise<ClaimedNotice[]>;
  /** Forgets one that arrived, or that is not for sending any more. */
  done(id: string): Promise<void>;
}

interface Row {
  id: string;
  client_id: string;
  account_id: string;
  sid: string | null;
  attempts: number;
}

/** Notices in the database. */
export function createLogoutNotices(options: { db: Database; clock: Clock; ids: Ids }): LogoutNotices {
  const { db, clock, ids } = options;
  const idOf = ({ clientId, sid }: LogoutNotice) =>
    sid === undefined
      ? ids.uuid()
      : createHash('sha256')
          .update(JSON.stringify([clientId, sid]))
          .digest('base64url');
  return {
    async add(notices) {
      if (notices.length === 0) return;
      const rows = notices.map((notice) => ({
        id: idOf(notice),
        client_id: notice.clientId,
        account_id: notice.accountId,
        sid: notice.sid,
      }));
      const now = clock.now();
      const end = new Date(now.getTime() + KEPT * 1000);
      await db.query(statements.add, [JSON.stringify(rows), now, end]);
    },
    async claim(most) {
      const rows = await db.query<Row>(statements.claim, [clock.now(), PAUSES, most]);
      return rows.map((row) => ({
        id: row.id,
        clientId: row.client_id,
        accountId: row.account_id,
        sid: row.sid ?? undefined,
        attempts: row.attempts,
      }));
    },
    async done(id) {
      await db.query(statements.done, [id]);
    },
  };
}
