import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

/** Sessions of one person that are listed. */
const MOST_LISTED = 100;

const columns = 'uid, agent, acr, amr, signed_in_at, expires_at';

const statements = {
  note: {
    name: 'browser_sessions_note',
    // The share lock waits for whoever is ending everything of hers, and looks again; whoever does so later finds this row.
    text: `INSERT INTO browser_sessions (uid, account_id, agent, acr, amr, signed_in_at, expires_at)
           SELECT $1::text, a.id, $3::text, $4::text, $5::jsonb, $6::timestamptz, $7::timestamptz FROM accounts a
           WHERE a.id = $2 AND a.disabled_at IS NULL AND a.proof_version = $8 FOR SHARE
           ON CONFLICT (uid) DO UPDATE SET account_id = excluded.account_id, agent = excluded.agent, acr = excluded.acr,
             amr = excluded.amr, signed_in_at = excluded.signed_in_at, expires_at = excluded.expires_at
           RETURNING uid`,
  },
  list: {
    name: 'browser_sessions_list',
    text: `SELECT ${columns} FROM browser_sessions WHERE account_id = $1 AND expires_at > $2
           ORDER BY signed_in_at DESC, uid LIMIT ${MOST_LISTED}`,
  },
  find: {
    name: 'browser_sessions_find',
    text: `SELECT ${columns} FROM browser_sessions WHERE account_id = $1 AND uid = $2 AND expires_at > $3`,
  },
  forget: {
    name: 'browser_sessions_forget',
    text: 'DELETE FROM browser_sessions WHERE uid = $1 RETURNING uid',
  },
  forgetAll: {
    name: 'browser_sessions_forget_all',
    text: 'DELETE FROM browser_sessions WHERE account_id = $1 AND uid IS DISTINCT FROM $2 RETURNING uid',
  },
} satisfies Record<string, Statement>;

/** A browser in which somebody is signed in. */
export interface BrowserSession {
  /** That of the library's session, which keeps it for as long as it lasts. No secret: the cookie holds another name. */
  readonly uid: string;
  /** Browser and system, such as `Firefox on Windows`; empty where nothing is known. */
  readonly agent: string;
  /** What the sign-in proved: `0` to `3`. */
  readonly acr: string;
  /** How (RFC 8176). */
  readonly amr: readonly string[];
  readonly signedInAt: Date;
  /** When it ends at the latest. */
  readonly expiresAt: Date;
}

/** In which browsers people are signed in: a list by account of what the library keeps by browser. */
export interface BrowserSessions {
  /**
   * Notes that somebody signed in; whoever signs in again in the same browser session takes the place of that.
   *
   * @param proofVersion of the account when she proved who she is
   * @returns false where that counts no more, or the account cannot be used: then nobody is signed in
   */
  note(accountId: string, session: BrowserSession, proofVersion: number | undefined): Promise<boolean>;
  /** The latest first. A session may have ended by itself: only where it is kept that is known. */
  list(accountId: string): Promise<BrowserSession[]>;
  /** One of hers; undefined for that of somebody else. */
  find(accountId: string, uid: string): Promise<BrowserSession | undefined>;
  /** Forgets one that has ended. @returns false when it was not known */
  forget(uid: string): Promise<boolean>;
  /** Forgets all of an account, but for one perhaps. @returns the uids of those it were */
  forgetAll(accountId: string, except: string | undefined): Promise<string[]>;
}

interface Row {
  uid: string;
  agent: string;
  acr: string;
  amr: string[];
  signed_in_at: Date;
  expires_at: Date;
}

const asSession = (row: Row): BrowserSession => ({
  uid: row.uid,
  agent: row.agent,
  acr: row.acr,
  amr: row.amr,
  signedInAt: row.signed_in_at,
  expiresAt: row.expires_at,
});

/** The list in the database. */
export function createBrowserSessions(options: { db: Database; clock: Clock }): BrowserSessions {
  const { db, clock } = options;
  return {
    async note(accountId, { uid, agent, acr, amr, signedInAt, expiresAt }, proofVersion) {
      const values = [uid, accountId, agent, acr, JSON.stringify(amr), signedInAt, expiresAt];
      return (await db.query(statements.note, [...values, proofVersion ?? null])).length === 1;
    },
    async list(accountId) {
      return (await db.query<Row>(statements.list, [accountId, clock.now()])).map(asSession);
    },
    async find(accountId, uid) {
      const [row] = await db.query<Row>(statements.find, [accountId, uid, clock.now()]);
      return row && asSession(row);
    },
    async forget(uid) {
      return (await db.query(statements.forget, [uid])).length === 1;
    },
    async forgetAll(accountId, except) {
      const rows = await db.query<{ uid: string }>(statements.forgetAll, [accountId, except ?? null]);
      return rows.map((row) => row.uid);
    },
  };
}
