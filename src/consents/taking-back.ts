import type { Clock, Ids } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import { type Reach, scopesOf } from './lines.ts';
import { asConsent, type Consent, type ConsentRow, columns, lockedAccount, shared } from './rows.ts';
import { withoutLine } from './without-line.ts';

const statements = {
  lockAccount: { name: 'consents_lock_account', text: lockedAccount('$1') },
  // Of a version that another took the place of, the present one is meant: it stood in a tab that is older. Its row is
  // kept as it is, because covered lines are noted, and roles end, without her account's lock (`extend`, `endOfRoles`).
  mine: {
    name: 'consents_mine',
    text: `SELECT ${columns} FROM consents mine JOIN consents c
             ON c.account_id = mine.account_id AND c.client_id = mine.client_id
               AND coalesce(c.api_id, '') = coalesce(mine.api_id, '')
               AND coalesce(c.patient, '') = coalesce(mine.patient, '')
               AND coalesce(c.role, '') = coalesce(mine.role, '')
               AND coalesce(c.reason, '') = coalesce(mine.reason, '')
           WHERE mine.account_id = $1 AND mine.id = $2
             AND (mine.ended_at IS NULL OR mine.end_reason IN ('replaced', 'narrowed'))
             AND c.ended_at IS NULL AND c.expires_at > $3 FOR UPDATE OF c`,
  },
  end: {
    name: 'consents_end_one',
    text: 'UPDATE consents SET ended_at = $2, end_reason = $3 WHERE id = $1',
  },
  addNext: {
    name: 'consents_add_next',
    text: `INSERT INTO consents (id, account_id, client_id, api_id, patient, role, reason, lines, shown, text_digest,
             language, version, decided_at, expires_at)
           SELECT $2, account_id, client_id, api_id, patient, role, reason, $3, shown, text_digest, language,
             version + 1, $4, expires_at
           FROM consents WHERE id = $1 RETURNING id`,
  },
  grantsOf: {
    name: 'grants_of_account',
    text: `SELECT g.grant_id, c.client_id, EXISTS (SELECT FROM jsonb_array_elements(c.lines) AS line
               WHERE line ->> 'scope' = 'offline_access' AND line ->> 'allowed' = 'true') AS lasting
           FROM consents c JOIN grants g ON g.consent_id = c.id
           WHERE c.account_id = $1 AND g.ended_at IS NULL ORDER BY g.grant_id`,
  },
} satisfies Record<string, Statement>;

/** A decision of which everything was taken back. */
export interface Withdrawn {
  /** As it was. */
  readonly consent: Consent;
  /** The grants that were made from it: they have to end. */
  readonly grants: readonly string[];
}

/** A decision of which a part was taken back. */
export interface Narrowed {
  /** As it was. */
  readonly before: Consent;
  /** As it holds now, under an id of its own. */
  readonly consent: Consent;
  /** What was allowed before, and is not any more. */
  readonly scopes: readonly string[];
  /** The grants that were made from it: they go on, with less. `follow` says so. */
  readonly grants: readonly string[];
}

/** A grant that lives. */
export interface LiveGrant {
  readonly grantId: string;
  readonly clientId: string;
  /** Whether she allowed that it goes on without a browser session. */
  readonly lasting: boolean;
}

/** A person takes back what she had allowed. Each is part of the caller's transaction, which ends or narrows the grants. */
export interface TakingBack {
  /** Takes everything back; undefined where this is no decision of hers that holds. */
  takeBack(accountId: string, id: string): Promise<Withdrawn | undefined>;
  /**
   * Takes one line back, and what has something in common with it.
   *
   * @param reachOf how the scopes of an API reach into one another
   * @returns `whole` where it can only be taken back together with everything; undefined where this is no decision of hers
   *   that holds, or does not allow that
   */
  takeLineBack(
    accountId: string,
    id: string,
    line: { scope: string; reachOf: (apiId: string | undefined) => Promise<Reach> },
  ): Promise<Narrowed | 'whole' | undefined>;
  /** Leads the grants of a decision to the one that took its place; their rows are locked last (`oidc/grants/`). */
  follow(narrowed: Narrowed): Promise<void>;
  /** Everything that lives of what somebody allowed, in the order in which grants are locked. */
  grantsOf(accountId: string): Promise<LiveGrant[]>;
}

/** Takes back what people allowed, in the database. */
export function createTakingBack(options: { db: Database; clock: Clock; ids: Ids }): TakingBack {
  const { db, clock, ids } = options;

  /** The decision of hers that holds, which nobody else can change until the transaction ends. */
  async function held(accountId: string, id: string): Promise<Consent | undefined> {
    const [account] = await db.query(statements.lockAccount, [accountId]);
    if (account === undefined) return undefined;
    const [row] = await db.query<ConsentRow>(statements.mine, [accountId, id, clock.now()]);
    return row && asConsent(row);
  }

  const end = ({ id }: Consent, reason: string) => db.query(statements.end, [id, clock.now(), reason]);

  async function liveGrants({ id }: Consent): Promise<string[]> {
    const rows = await db.query<{ grant_id: string }>(shared.liveGrants, [id]);
    return rows.map((row) => row.grant_id);
  }

  return {
    async takeBack(accountId, id) {
      const consent = await held(accountId, id);
      if (consent === undefined) return undefined;
      await end(consent, 'withdrawn');
      return { consent, grants: await liveGrants(consent) };
    },
    async takeLineBack(accountId, id, { scope, reachOf }) {
      const before = await held(accountId, id);
      if (before === undefined) return undefined;
      const lines = withoutLine(before.lines, scope, await reachOf(before.apiId));
      if (lines === undefined || lines === 'whole') return lines;
      await end(before, 'narrowed');
      const consent = { ...before, id: ids.uuid(), lines, version: before.version + 1 };
      await db.query(statements.addNext, [before.id, consent.id, JSON.stringify(lines), clock.now()]);
      const still = new Set(scopesOf(lines, true));
      const scopes = scopesOf(before.lines, true).filter((one) => !still.has(one));
      return { before, consent, scopes, grants: await liveGrants(before) };
    },
    async follow({ before, consent }) {
      await db.query(shared.moveGrants, [before.id, consent.id]);
    },
    async grantsOf(accountId) {
      const rows = await db.query<{ grant_id: string; client_id: string; lasting: boolean }>(
        statements.grantsOf,
        [accountId],
      );
      return rows.map((row) => ({ grantId: row.grant_id, clientId: row.client_id, lasting: row.lasting }));
    },
  };
}
