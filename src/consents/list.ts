import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { asConsent, type Consent, type ConsentRow, columns } from './rows.ts';
import type { Shown } from './shown.ts';

/** Decisions that a person is shown at once. */
const MOST_LISTED = 200;

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

const statements = {
  // A version that another took the place of has not ended for the person.
  list: {
    name: 'consents_list',
    text: `SELECT ${selection}
           WHERE c.account_id = $1 AND (c.ended_at IS NULL AND c.expires_at > $2
             OR coalesce(c.ended_at, c.expires_at) > $3 AND coalesce(c.end_reason, '') NOT IN ('replaced', 'narrowed'))
           ORDER BY c.decided_at DESC, c.id LIMIT ${MOST_LISTED}`,
  },
  one: {
    name: 'consents_one',
    text: `SELECT ${selection} WHERE c.account_id = $1 AND c.id = $2`,
  },
} satisfies Record<string, Statement>;

/** A decision as the person who made it is shown it. */
export interface ListedConsent extends Consent {
  /** Whether it holds. */
  readonly live: boolean;
  /** What the page said, as it was shown. Decisions from before this was kept in full lack some of it. */
  readonly shown: Partial<Shown>;
  /** SHA-256 of the wording that was shown; undefined for a decision of an earlier version of the program. */
  readonly textDigest: string | undefined;
  readonly language: string | undefined;
  /** When this version was decided. */
  readonly decidedAt: Date;
  /** When the first version of it was: since then the application may do something. */
  readonly since: Date;
  /** When it ended or expired; undefined while it holds. */
  readonly endedAt: Date | undefined;
  /** `withdrawn`, `expired`, `replaced` and `narrowed` (by a later version), `role ended`, `restored`; undefined while it holds. */
  readonly endReason: string | undefined;
  /** When the application last had a token from it, or last used one as far as the API said so. */
  readonly lastUsedAt: Date | undefined;
}

/** Decisions, for the person who made them. */
export interface ConsentList {
  /**
   * What somebody decided that holds, and what ended later than a time; the latest first.
   *
   * @param endedSince versions that another took the place of are in no list
   */
  list(accountId: string, endedSince: Date): Promise<ListedConsent[]>;
  /** One decision of hers, also an earlier version or one that ended; undefined for that of somebody else. */
  one(accountId: string, id: string): Promise<ListedConsent | undefined>;
}

interface ListedRow extends ConsentRow {
  shown: Partial<Shown>;
  text_digest: string | null;
  language: string | null;
  decided_at: Date;
  ended_at: Date | null;
  end_reason: string | null;
  since: Date;
  last_used_at: Date | null;
}

function asListed(row: ListedRow, now: Date): ListedConsent {
  const expired = row.ended_at === null && row.expires_at <= now;
  return {
    ...asConsent(row),
    live: row.ended_at === null && !expired,
    shown: row.shown,
    textDigest: row.text_digest ?? undefined,
    language: row.language ?? undefined,
    decidedAt: row.decided_at,
    since: row.since,
    endedAt: row.ended_at ?? (expired ? row.expires_at : undefined),
    endReason: row.end_reason ?? (expired ? 'expired' : undefined),
    lastUsedAt: row.last_used_at ?? undefined,
  };
}

/** Finds people's own decisions. */
export function createConsentList(options: { db: Database; clock: Clock }): ConsentList {
  const { db, clock } = options;
  return {
    async list(accountId, endedSince) {
      const now = clock.now();
      const rows = await db.query<ListedRow>(statements.list, [accountId, now, endedSince]);
      return rows.map((row) => asListed(row, now));
    },
    async one(accountId, id) {
      const [row] = await db.query<ListedRow>(statements.one, [accountId, id]);
      return row && asListed(row, clock.now());
    },
  };
}
