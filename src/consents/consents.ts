import type { Audit } from '../audit/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { type ConsentLine, merged, narrows, type Reach, scopesOf, withCovered } from './lines.ts';
import { type ConsentList, createConsentList } from './list.ts';
import {
  asConsent,
  type Consent,
  type ConsentKey,
  type ConsentRow,
  columns,
  key,
  lockedAccount,
  shared,
} from './rows.ts';
import { type Shown, textDigest } from './shown.ts';
import { createStandings, type Standings } from './standing.ts';
import { createTakingBack, type TakingBack } from './taking-back.ts';

/** What a person decides on a consent page. */
export interface Decision extends ConsentKey {
  /** The lines that were asked, as they were answered. */
  readonly lines: readonly ConsentLine[];
  /** All that was requested. What was not asked about goes with the line that covers it, as that stands now. */
  readonly scopes: readonly string[];
  /** What the page said, kept as it was shown, with its digest. */
  readonly shown: Shown;
  readonly expiresAt: Date;
  /** How the scopes of the API reach into one another. */
  readonly reach: Reach;
  /** Whether the page asked for more than what holds, and said that this stays. Then nothing is kept without that. */
  readonly more: boolean;
  /** Network address of the caller. */
  readonly source: string;
  /** The page that it answers. */
  readonly page: AnsweredPage;
}

/** A consent page that was answered. */
export interface AnsweredPage {
  readonly answer: 'allow' | 'deny';
  /** Identifies it; its SHA-256. */
  readonly interaction: string;
  /** When it can no longer be answered anyway. */
  readonly expiresAt: Date;
}

const statements = {
  find: {
    name: 'consents_find',
    text: `SELECT ${columns} FROM consents c WHERE ${key} AND c.ended_at IS NULL AND c.expires_at > $7`,
  },
  ofGrant: {
    name: 'consents_of_grant',
    text: `SELECT ${columns} FROM grants g JOIN consents c ON c.id = g.consent_id
           WHERE g.grant_id = $1 AND g.ended_at IS NULL AND c.ended_at IS NULL AND c.expires_at > $2`,
  },
  end: {
    name: 'consents_end',
    text: `UPDATE consents c SET ended_at = $7, end_reason = $8
           WHERE ${key} AND c.ended_at IS NULL AND (c.expires_at > $7 OR NOT $9) RETURNING id, lines, expires_at`,
  },
  add: {
    name: 'consents_add',
    text: `INSERT INTO consents (account_id, client_id, api_id, patient, role, reason, id, lines, shown, decided_at,
             expires_at, text_digest, language, version)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
             (SELECT coalesce(max(c.version), 0) + 1 FROM consents c WHERE ${key}))
           ON CONFLICT DO NOTHING RETURNING version`,
  },
  extend: {
    name: 'consents_extend',
    text: `UPDATE consents SET lines = $2 WHERE id = $1 AND lines = $3 AND ended_at IS NULL RETURNING id`,
  },
  endOfRoles: {
    name: 'consents_end_of_roles',
    text: `UPDATE consents SET ended_at = $2, end_reason = 'role ended' WHERE role = ANY ($1) AND ended_at IS NULL`,
  },
  endSome: {
    name: 'consents_end_some',
    text: `WITH ended AS (
             UPDATE consents SET ended_at = $2, end_reason = $3
             WHERE id IN (SELECT id FROM consents WHERE ended_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE)
             RETURNING id),
           closed AS (
             UPDATE grants SET ended_at = $2
             WHERE consent_id IN (SELECT id FROM ended) AND ended_at IS NULL RETURNING grant_id)
           SELECT (SELECT count(*) FROM ended) AS consents,
             (SELECT coalesce(jsonb_agg(grant_id), '[]') FROM closed) AS grants`,
  },
  answer: {
    name: 'consent_answers_add',
    text: `INSERT INTO consent_answers (interaction, decision, expires_at) VALUES ($1, $2, $3)
           ON CONFLICT (interaction) DO NOTHING RETURNING interaction`,
  },
  // Nothing is answered for an account that is no longer live.
  answerLocked: {
    name: 'consent_answers_add_locked',
    text: `WITH account AS (${lockedAccount('$4')}),
           answer AS (
             INSERT INTO consent_answers (interaction, decision, expires_at) SELECT $1, $2, $3 FROM account
             ON CONFLICT (interaction) DO NOTHING RETURNING interaction)
           SELECT EXISTS (SELECT FROM account) AS live, EXISTS (SELECT FROM answer) AS first`,
  },
  endGrant: {
    name: 'grants_end',
    text: 'UPDATE grants SET ended_at = $2 WHERE grant_id = $1 AND ended_at IS NULL RETURNING grant_id',
  },
} satisfies Record<string, Statement>;

/** The decision that a new one takes the place of. */
interface Before {
  id: string;
  lines: ConsentLine[];
  expires_at: Date;
}

/**
 * The lines that a decision is kept with: its own, and those of an earlier one that still holds. That may not be what it was
 * when the page was shown, so nothing of what the page knew of it counts.
 */
function keptLines(
  before: Before | undefined,
  { lines, scopes, reach, more }: Decision,
  now: Date,
): readonly ConsentLine[] {
  const earlier = before === undefined || before.expires_at <= now ? [] : before.lines;
  const asked = new Set(lines.map(({ scope }) => scope));
  const held = earlier.filter(({ scope, covered }) => covered !== true && !asked.has(scope));
  return merged(earlier, withCovered(lines, scopes, reach, more ? held : []), reach, more);
}

/** What has become of a decision that was kept. */
export interface Decided {
  readonly consent: Consent;
  /** The grants of the earlier one that have to end. */
  readonly endingGrants: readonly string[];
}

export interface Consents extends ConsentList, TakingBack, Standings {
  /** The live decision, if there is one. */
  find(key: ConsentKey): Promise<Consent | undefined>;
  /** The live decision behind a grant; undefined once either of them ended. */
  ofGrant(grantId: string): Promise<Consent | undefined>;
  /** Takes the first answer to a consent page with which nothing is decided; false when it was answered before. */
  takeAnswer(page: AnsweredPage): Promise<boolean>;
  /**
   * Keeps a decision in the place of the one before, with an audit row. Inside the caller's transaction, because a
   * grant is made with it. Earlier lines that were not asked about this time stay. Grants of the earlier decision go on,
   * unless the new one takes something back.
   *
   * @returns the decision, and the grants that have to end; `nothing-held` when more was asked for and what it was to be added
   *   to has ended; `answered` when the page was answered before; undefined when the account is no longer live. Then nothing is
   *   kept
   */
  decide(decision: Decision): Promise<Decided | 'nothing-held' | 'answered' | undefined>;
  /**
   * Notes lines that came with those of a decision, as `withCovered` finds them, so that it names what it covers.
   *
   * @returns undefined when it was changed or ended meanwhile
   */
  extend(consent: Consent, lines: readonly ConsentLine[]): Promise<Consent | undefined>;
  /** Ends what was decided in roles that have ended; a role that begins again is decided about anew. */
  endOfRoles(roles: readonly string[]): Promise<void>;
  /**
   * Ends some of all decisions that hold, with their grants.
   *
   * @param most how many
   * @returns how many it were; fewer than `most` when there are no more
   */
  endSome(most: number, reason: string): Promise<{ consents: number; grants: readonly string[] }>;
  /** Notes that a grant has ended; false when it had before, or is not known. */
  endGrant(grantId: string): Promise<boolean>;
}

/** What people decided about applications. */
export function createConsents(options: { db: Database; clock: Clock; ids: Ids; audit: Audit }): Consents {
  const { db, clock, ids, audit } = options;
  const values = ({ accountId, clientId, apiId, patient, role, reason }: ConsentKey) =>
    [accountId, clientId, apiId ?? null, patient ?? null, role ?? null, reason ?? null] as const;

  /** What becomes of the grants of an earlier decision: they go on under the new one, or end. */
  async function carryOver(before: Before | undefined, next: Consent): Promise<string[]> {
    if (before === undefined) return [];
    if (!narrows(before.lines, next.lines)) {
      await db.query(shared.moveGrants, [before.id, next.id]);
      return [];
    }
    const live = await db.query<{ grant_id: string }>(shared.liveGrants, [before.id]);
    return live.map((row) => row.grant_id);
  }

  /**
   * Locks the account's row, so that two pages that are answered at once decide one after the other, and takes the first answer
   * to a page.
   *
   * @returns undefined where the account is no longer live
   */
  async function lock({ accountId, page }: Decision): Promise<'first' | 'answered' | undefined> {
    const values = [page.interaction, page.answer, page.expiresAt, accountId];
    const [answer] = await db.query<{ live: boolean; first: boolean }>(statements.answerLocked, values);
    if (!answer?.live) return undefined;
    return answer.first ? 'first' : 'answered';
  }

  return {
    ...createConsentList({ db, clock }),
    ...createTakingBack({ db, clock, ids }),
    ...createStandings({ db, clock }),
    async find(key) {
      const [row] = await db.query<ConsentRow>(statements.find, [...values(key), clock.now()]);
      return row && asConsent(row);
    },
    async ofGrant(grantId) {
      const [row] = await db.query<ConsentRow>(statements.ofGrant, [grantId, clock.now()]);
      return row && asConsent(row);
    },
    async endSome(most, reason) {
      const [row] = await db.query<{ consents: number; grants: string[] }>(statements.endSome, [
        most,
        clock.now(),
        reason,
      ]);
      return row ?? { consents: 0, grants: [] };
    },
    async takeAnswer({ interaction, answer, expiresAt }) {
      return (await db.query(statements.answer, [interaction, answer, expiresAt])).length === 1;
    },
    decide: (decision) =>
      db.transaction(async () => {
        const allowed = await lock(decision);
        if (allowed !== 'first') return allowed;
        const { shown, source, more, page: _page, scopes: _scopes, reach: _reach, ...asked } = decision;
        const now = clock.now();
        const id = ids.uuid();
        const add = async (lines: readonly ConsentLine[]): Promise<Consent | undefined> => {
          const [added] = await db.query<{ version: number }>(statements.add, [
            ...values(decision),
            id,
            JSON.stringify(lines),
            JSON.stringify(shown),
            now,
            decision.expiresAt,
            textDigest(shown),
            shown.language,
          ]);
          return added && { ...asked, lines, id, version: added.version };
        };
        // Mostly it is the first, which has nothing to take the place of. Where one holds, it is in the way.
        const first = more ? undefined : await add(keptLines(undefined, decision, now));
        const [before] =
          first === undefined
            ? await db.query<Before>(statements.end, [...values(decision), now, 'replaced', more])
            : [];
        if (more && before === undefined) return 'nothing-held';
        const consent = first ?? (await add(keptLines(before, decision, now)));
        if (consent === undefined) throw new Error('a decision is in the way of one that has ended it');
        const endingGrants = await carryOver(before, consent);
        await audit.record({
          type: 'consent.given',
          clientId: decision.clientId,
          apiId: decision.apiId,
          subject: decision.accountId,
          scope: scopesOf(decision.lines, true).join(' '),
          source,
          detail: {
            consent: consent.id,
            version: consent.version,
            patient: decision.patient ?? null,
            role: decision.role ?? null,
            reason: decision.reason ?? null,
            refused: scopesOf(decision.lines, false),
            ending_grants: endingGrants,
          },
        });
        return { consent, endingGrants };
      }),
    async extend(consent, lines) {
      const values = [consent.id, JSON.stringify(lines), JSON.stringify(consent.lines)];
      return (await db.query(statements.extend, values)).length === 1 ? { ...consent, lines } : undefined;
    },
    async endOfRoles(roles) {
      if (roles.length > 0) await db.query(statements.endOfRoles, [roles, clock.now()]);
    },
    async endGrant(grantId) {
      return (await db.query(statements.endGrant, [grantId, clock.now()])).length === 1;
    },
  };
}
