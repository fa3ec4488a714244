import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';
import { type Polling, startPolling } from '../polling.ts';
import { type MailContent, sealedAs } from './mail.ts';

/** Milliseconds between two looks for mail. */
const EVERY = 2000;

/** Tries at one mail; after the last it is given up. */
export const MOST_TRIES = 5;

/** Seconds to wait after the first try, the second and so on. The first is longer than a try may take (`transport.ts`). */
const PAUSES = [60, 300, 1800, 7200] as const;

const statements = {
  // Claimed by being put off: no other node takes it meanwhile, and a node that dies over it leaves it to the next try. Past
  // the last pause the time is NULL, so that a fifth try has no successor.
  claim: {
    name: 'mails_claim',
    text: `UPDATE mails SET attempts = attempts + 1,
             next_at = $1::timestamptz + make_interval(secs => ($2::integer[])[attempts + 1])
           WHERE id = (SELECT id FROM mails WHERE next_at <= $1 AND expires_at > $1 ORDER BY next_at, id LIMIT 1
                       FOR UPDATE SKIP LOCKED)
             AND next_at <= $1
           RETURNING id, sealed, attempts`,
  },
  // What it said is nobody's business any more: it may hold a link that still opens something.
  sent: {
    name: 'mails_sent',
    text: `UPDATE mails SET sent_at = $2, next_at = NULL, sealed = '' WHERE id = $1`,
  },
  giveUp: {
    name: 'mails_give_up',
    text: `UPDATE mails SET next_at = NULL, sealed = '' WHERE id = $1`,
  },
} satisfies Record<string, Statement>;

/** A try that failed. It tells neither to whom nor what. */
export interface FailedTry {
  readonly id: string;
  readonly attempts: number;
  readonly givenUp: boolean;
  /** Code of the fault, such as ECONNREFUSED. */
  readonly code: string | undefined;
  /** What the mail server answered (RFC 5321 section 4.2), if it did. */
  readonly status: number | undefined;
}

/** Sends what waits, as long as a process runs. */
export interface MailSender {
  /** Looks for mail now. */
  readonly poll: Polling['poll'];
  close(): Promise<void>;
}

/** Code and status of a fault of the transport; its message may hold addresses, and is left out. */
function describe(error: unknown): Pick<FailedTry, 'code' | 'status'> {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    status: typeof responseCode === 'number' ? responseCode : undefined,
  };
}

/**
 * Begins to send what waits. A mail that a node takes is no other node's until its next try; one that was handed over just
 * before the node died may go out a second time.
 *
 * @param deliver hands a mail to the mail server; rejects when that does not take it
 * @param onFailed called for each try that failed
 * @param onError receives the first fault of an outage of the database
 */
export function startMailSender(options: {
  db: Database;
  clock: Clock;
  seal: Seal;
  deliver: (id: string, mail: MailContent) => Promise<void>;
  onFailed: (failed: FailedTry) => void;
  onError: (error: unknown) => void;
}): MailSender {
  const { db, clock, seal, deliver, onFailed, onError } = options;
  let closed = false;

  /** Whether one was sent; false when there is none, or the server takes none now. */
  async function sendOne(): Promise<boolean> {
    const [row] = await db.query<{ id: string; sealed: string; attempts: number }>(statements.claim, [
      clock.now(),
      PAUSES,
    ]);
    if (row === undefined) return false;
    const { id, attempts } = row;
    try {
      await deliver(id, JSON.parse(seal.open(sealedAs(id), row.sealed)) as MailContent);
    } catch (error) {
      const givenUp = attempts >= MOST_TRIES;
      if (givenUp) await db.query(statements.giveUp, [id]);
      onFailed({ id, attempts, givenUp, ...describe(error) });
      return false;
    }
    await db.query(statements.sent, [id, clock.now()]);
    return true;
  }

  const { poll, close } = startPolling({
    async poll() {
      // One after the other. A server that takes none is not asked for each of a thousand.
      while (!closed && (await sendOne()));
    },
    every: EVERY,
    onError,
  });
  return {
    poll,
    async close() {
      closed = true;
      await close();
    },
  };
}
