import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { asConsent, type Consent, type ConsentRow, columns } from './rows.ts';
import type { Shown } from './shown.ts';

/** Rows of one page at most. */
const MOST = 100;

/** Decisions about the same as `c`. */
const sameAs = (other: string) =>
  [
    ...['account_id', 'client_id'].map((name) => `${other}.${name} = c.${name}`),
    ...['api_id', 'patient', 'role', 'reason'].map(
      (name) => `coalesce(${other}.${name}, '') = coalesce(c.${name}, '')`,
    ),
  ].join(' AND ');

// Since when: of versions that followed one another without an end between them, the first counts.
// When an application last used what it may: its last token, or the last access that an API reported, by a grant of this
// decision. The audit has an index on subject and time; what was before the decision, or after its end, is of another one.
const selection = `${columns}, c.shown, c.text_digest, c.language, c.decided_at, c.ended_at, c.end_reason, first.since,
  (SELECT e.at FROM audit_events e
      JOIN grants g ON g.grant_id = e.detail ->> 'grant' JOIN consents u ON u.id = g.consent_id
    WHERE e.subject = c.account_id AND e.client_id = c.client_id AND ${sameAs('u')}
      AND e.at >= first.since AND e.at <= coalesce(c.ended_at, c.expires_at)
      AND e.type IN ('token.issued', 'access.reported') ORDER BY e.at DESC LIMIT 1) AS last_used_at
  FROM consents c CROSS JOIN LATERAL (
    SELECT min(f.decided_at) AS since FROM consents f WHERE ${sameAs('f')} AND f.version <= c.version AND f.version >
      coalesce((SELECT max(o.version) FROM consents o WHERE ${sameAs('o')} AND o.version < c.version
        AND (o.end_reason NOT IN ('replaced', 'narrowed') OR o.ended_at > o.expires_at)), 0)) AS first`;

/** What was decided before a place, the latest first. */
const older = (at: number) => `($${at}::timestamptz IS NULL OR (c.decided_at, c.id) < ($${at}, $${at + 1}))
  ORDER BY c.decided_at DESC, c.id DESC LIMIT $${at + 2}`;

const statements = {
  live: {
    name: 'consents_live_list',
    text: `SELECT ${selection} WHERE c.account_id = $1 AND c.ended_at IS NULL AND c.expires_at > $2
           ORDER BY c.decided_at DESC, c.id DESC`,
  },
  count: {
    name: 'consents_count',
    text: `SELECT count(*)::integer AS live FROM consents WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2`,
  },
  // A version that another took the place of has not ended for the person.
  ended: {
    name: 'consents_ended_list',
    text: `SELECT ${selection}
           WHERE c.account_id = $1 AND (c.ended_at IS NOT NULL OR c.expires_at <= $2)
             AND coalesce(c.ended_at, c.expires_at) > $3 AND coalesce(c.end_reason, '') NOT IN ('replaced', 'narrowed')
             AND ${older(4)}`,
  },
  versions: {
    name: 'consents_versions',
    text: `SELECT ${columns}, c.shown, c.text_digest, c.language, c.decided_at, c.ended_at, c.end_reason
           FROM consents c WHERE c.account_id = $1 AND ${older(2)}`,
  },
  one: {
    name: 'consents_one',
    text: `SELECT ${selection} WHERE c.account_id = $1 AND c.id = $2`,
  },
  present: {
    name: 'consents_present',
    text: `SELECT c.id FROM consents o JOIN consents c ON ${sameAs('o')}
           WHERE o.account_id = $1 AND o.id = $2 AND c.ended_at IS NULL AND c.expires_at > $3`,
  },
} satisfies Record<string, Statement>;

/** A version of a decision, as it is kept for the person who made it. */
export interface KeptConsent extends Consent {
  /** Whether it holds. */
  readonly live: boolean;
  /** What the page said, as it was shown. Decisions from before this was kept in full lack some of it. */
  readonly shown: Partial<Shown>;
  /** SHA-256 of the wording that was shown; undefined for a decision of an earlier version of the program. */
  readonly textDigest: string | undefined;
  readonly language: string | undefined;
  /** When this version was decided. */
  readonly decidedAt: Date;
  /** When it ended or expired; undefined while it holds. */
  readonly endedAt: Date | undefined;
  /** `withdrawn`, `expired`, `replaced` and `narrowed` (by a later version), `role ended`, `restored`; undefined while it holds. */
  readonly endReason: string | undefined;
}

/** A decision as the person who made it is shown it. */
export interface ListedConsent extends KeptConsent {
  /** When the first version of it was: since then the application may do something. */
  readonly since: Date;
  /** When the application last had a token from it, or last used one as far as the API said so. */
  readonly lastUsedAt: Date | undefined;
}

/** Where the next page begins: after the decision of this time and id. */
export interface ConsentPlace {
  readonly at: Date;
  readonly id: string;
}

/** Some decisions, the latest first. */
export interface ConsentPage<T> {
  readonly entries: readonly T[];
  /** Undefined on the last page. */
  readonly next: ConsentPlace | undefined;
}

/** Which page. */
interface Paging {
  /** Where the page before ended; undefined for the first one. */
  readonly after?: ConsentPlace | undefined;
  /** 100 at most. */
  readonly most: number;
}

/** Decisions, for the person who made them. */
export interface ConsentList {
  /** All that somebody decided and that holds, the latest first: as much as she said yes to. */
  live(accountId: string): Promise<ListedConsent[]>;
  /** How many that are. */
  count(accountId: string): Promise<number>;
  /** What ended later than a time. Versions that another took the place of have not. */
  ended(accountId: string, paging: Paging & { since: Date }): Promise<ConsentPage<ListedConsent>>;
  /** All that she ever decided, every version of it. */
  versions(accountId: string, paging: Paging): Promise<ConsentPage<KeptConsent>>;
  /** One decision of hers, also an earlier version or one that ended; undefined for that of somebody else. */
  one(accountId: string, id: string): Promise<ListedConsent | undefined>;
  /** The version that holds of a decision of hers; undefined where none does. */
  present(accountId: string, id: string): Promise<string | undefined>;
}

interface KeptRow extends ConsentRow {
  shown: Partial<Shown>;
  text_digest: string | null;
  language: string | null;
  decided_at: Date;
  ended_at: Date | null;
  end_reason: string | null;
}

interface ListedRow extends KeptRow {
  since: Date;
  last_used_at: Date | null;
}

function asKept(row: KeptRow, now: Date): KeptConsent {
  const expired = row.ended_at === null && row.expires_at <= now;
  return {
    ...asConsent(row),
    live: row.ended_at === null && !expired,
    shown: row.shown,
    textDigest: row.text_digest ?? undefined,
    language: row.language ?? undefined,
    decidedAt: row.decided_at,
    endedAt: row.ended_at ?? (expired ? row.expires_at : undefined),
    endReason: row.end_reason ?? (expired ? 'expired' : undefined),
  };
}

const asListed = (row: ListedRow, now: Date): ListedConsent => ({
  ...asKept(row, now),
  since: row.since,
  lastUsedAt: row.last_used_at ?? undefined,
});

/** Finds people's own decisions. */
export function createConsentList(options: { db: Database; clock: Clock }): ConsentList {
  const { db, clock } = options;

  async function page<Row extends KeptRow, T extends KeptConsent>(
    statement: Statement,
    values: readonly unknown[],
    { after, most, as }: Paging & { as: (row: Row) => T },
  ): Promise<ConsentPage<T>> {
    const size = Math.max(1, Math.min(most, MOST));
    const rows = await db.query<Row>(statement, [...values, after?.at ?? null, after?.id ?? null, size + 1]);
    const entries = rows.slice(0, size).map(as);
    const last = entries.at(-1);
    return { entries, next: rows.length > size && last ? { at: last.decidedAt, id: last.id } : undefined };
  }

  return {
    async live(accountId) {
      const now = clock.now();
      const rows = await db.query<ListedRow>(statements.live, [accountId, now]);
      return rows.map((row) => asListed(row, now));
    },
    async count(accountId) {
      const [row] = await db.query<{ live: number }>(statements.count, [accountId, clock.now()]);
      return row?.live ?? 0;
    },
    async ended(accountId, { since, ...paging }) {
      const now = clock.now();
      const as = (row: ListedRow) => asListed(row, now);
      return page(statements.ended, [accountId, now, since], { ...paging, as });
    },
    async versions(accountId, paging) {
      const now = clock.now();
      const as = (row: KeptRow) => asKept(row, now);
      return page(statements.versions, [accountId], { ...paging, as });
    },
    async one(accountId, id) {
      const [row] = await db.query<ListedRow>(statements.one, [accountId, id]);
      return row && asListed(row, clock.now());
    },
    async present(accountId, id) {
      const [row] = await db.query<{ id: string }>(statements.present, [accountId, id, clock.now()]);
      return row?.id;
    },
  };
}
