import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';
import { isPlain } from '../text.ts';
import { readEmail } from './address.ts';
import type { Letter, LetterKind, Letters, LetterValues } from './letters.ts';

/** Seconds after which a mail is cleared away, sent or not. */
const KEPT = 7 * 24 * 3600;

/** Mails that the outbox of the demonstration shows at most. */
const SHOWN = 50;

const statements = {
  add: {
    name: 'mails_add',
    text: `INSERT INTO mails (id, account_id, kind, sealed, created_at, next_at, expires_at)
           SELECT $1::text, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz, $7::timestamptz
           WHERE $8::integer IS NULL OR $8 > (
             SELECT count(*) FROM mails WHERE account_id = $2 AND kind = $3 AND created_at > $9)`,
  },
  ofAccount: {
    name: 'mails_of_account',
    text: `SELECT kind, created_at, sent_at FROM mails WHERE account_id = $1 ORDER BY created_at, id`,
  },
  newest: {
    name: 'mails_newest',
    text: `SELECT id, kind, sealed, created_at FROM mails WHERE sealed <> '' AND expires_at > $1
           ORDER BY created_at DESC, id LIMIT $2`,
  },
} satisfies Record<string, Statement>;

/** To whom a mail goes, and on whose account. */
export interface Envelope {
  /** Undefined for somebody who has no account yet. */
  readonly accountId: string | undefined;
  readonly to: string;
  /** Whether nobody is to get it: it costs the work of one that is sent, where the time must not tell who exists. */
  readonly forNobody?: boolean;
  /** How many of its kind an account is written in a day; what is more is left out. As many as anybody likes without it. */
  readonly mostADay?: number;
}

/** A mail that waits. */
export interface WaitingMail extends Letter {
  readonly kind: string;
  readonly to: string;
  readonly createdAt: Date;
}

/** That a mail was written to somebody. */
export interface WrittenMail {
  readonly kind: string;
  readonly createdAt: Date;
  /** Undefined while it waits, and where it could not be sent. */
  readonly sentAt: Date | undefined;
}

/** Mail to people. What is sent here waits in the database; `createMailSender` takes it from there. */
export interface Mail {
  /**
   * Sends a mail, as part of the caller's transaction if there is one: it goes out only if what it tells has happened.
   *
   * @throws Error when `to` is no e-mail address, or the subject has a line break: nobody may write headers of ours
   */
  send(mail: Envelope & Letter & { readonly kind: string }): Promise<void>;
  /** As `send`, in the words of `locales/`. @param mail.language BCP 47 tag; undefined for English */
  write(
    mail: Envelope & {
      readonly kind: LetterKind;
      readonly language: string | undefined;
      readonly values: LetterValues;
    },
  ): Promise<void>;
  /** A sentence of `locales/` that has its place in a mail. */
  readonly sentence: Letters['sentence'];
  /** What was written to somebody in the last week. The text is not kept, and may hold a link that nobody else is to see. */
  ofAccount(accountId: string): Promise<readonly WrittenMail[]>;
  /** The newest mails that wait, for the outbox of the demonstration. */
  newest(): Promise<readonly WaitingMail[]>;
}

/** What is kept of a mail, encrypted. */
export interface MailContent extends Letter {
  readonly to: string;
}

/** What a mail is sealed under, so that no row can stand in for another. */
export const sealedAs = (id: string): string => `mail ${id}`;

/** Mail that waits in the database, encrypted. */
export function createMail(options: {
  db: Database;
  clock: Clock;
  ids: Ids;
  seal: Seal;
  letters: Letters;
}): Mail {
  const { db, clock, ids, seal, letters } = options;

  const send: Mail['send'] = async ({ kind, accountId, to, subject, text, forNobody = false, mostADay }) => {
    const address = readEmail(to);
    if (address === undefined) throw new Error('a mail was addressed to what is no e-mail address');
    if (!isPlain(subject)) throw new Error('the subject of a mail had control characters');
    const id = ids.uuid();
    const now = clock.now();
    const content: MailContent = { to: address, subject, text };
    const sealed = seal.seal(sealedAs(id), JSON.stringify(content));
    // What is for nobody is over before anybody looks for it.
    const expiresAt = new Date(now.getTime() + (forNobody ? 0 : KEPT * 1000));
    const nextAt = forNobody ? null : now;
    const values = [id, accountId ?? null, kind, sealed, now, nextAt, expiresAt];
    const dayAgo = new Date(now.getTime() - 24 * 3600 * 1000);
    await db.query(statements.add, [...values, mostADay ?? null, dayAgo]);
  };

  return {
    send,
    write: ({ language, values, ...mail }) =>
      send({ ...mail, ...letters.compose(mail.kind, language, values) }),
    sentence: letters.sentence,
    async ofAccount(accountId) {
      const rows = await db.query<{ kind: string; created_at: Date; sent_at: Date | null }>(
        statements.ofAccount,
        [accountId],
      );
      return rows.map(({ kind, created_at: createdAt, sent_at: sentAt }) => ({
        kind,
        createdAt,
        sentAt: sentAt ?? undefined,
      }));
    },
    async newest() {
      const rows = await db.query<{ id: string; kind: string; sealed: string; created_at: Date }>(
        statements.newest,
        [clock.now(), SHOWN],
      );
      return rows.map(({ id, kind, sealed, created_at: createdAt }) => ({
        kind,
        createdAt,
        ...(JSON.parse(seal.open(sealedAs(id), sealed)) as MailContent),
      }));
    },
  };
}
