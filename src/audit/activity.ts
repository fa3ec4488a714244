import type { Database, Statement } from '../db/index.ts';
import type { AuditType } from './events.ts';

/** Rows of one page at most. */
const MOST = 100;

/** What a person is told of that happened in her name. */
const told: readonly AuditType[] = [
  'person.signed-in',
  'person.signed-out',
  'consent.given',
  'consent.refused',
  'consent.withdrawn',
  'token.issued',
  'access.reported',
  'account.password-changed',
  'account.password-reset',
  'account.data-downloaded',
  'account.passkey-added',
  'account.passkey-removed',
  'account.authenticator-added',
  'account.authenticator-changed',
  'account.authenticator-removed',
  'account.recovery-codes-made',
  'account.recovery-code-used',
  'account.factors-reset',
  'account.linked',
  'account.unlinked',
];

// By the index on subject and time: as many rows are read as are shown, and those in between that are not told. A client that
// signs its users in itself says whose token it asks for: what no decision of hers stands behind is not hers.
const page = (
  types: string,
) => `SELECT id, at, type, client_id, api_id, grant_type, scope, source, detail FROM audit_events e
  WHERE subject = $1 AND ${types}
    AND (type NOT IN ('token.issued', 'access.reported') OR EXISTS (
      SELECT FROM grants g JOIN consents c ON c.id = g.consent_id
      WHERE g.grant_id = e.detail ->> 'grant' AND c.account_id = $1))
    AND ($2::timestamptz IS NULL OR at < $2 OR at = $2 AND id < $3)
  ORDER BY at DESC, id DESC LIMIT $4`;

const statements = {
  told: { name: 'audit_events_of_person', text: page('type = ANY ($5)') },
  all: { name: 'audit_events_about_person', text: page('true') },
} satisfies Record<string, Statement>;

/** Something that happened in a person's name. */
export interface ActivityEntry {
  readonly id: string;
  readonly at: Date;
  readonly type: AuditType;
  readonly clientId: string | undefined;
  readonly apiId: string | undefined;
  readonly grantType: string | undefined;
  /** Of a token: what it opens. Of a decision: what was allowed, or taken back. */
  readonly scope: string | undefined;
  /** Network address from which it was done. */
  readonly source: string | undefined;
  /** Of a reported access, what was asked for: `interaction` and `resource`. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where the next page begins: after this entry. */
export interface ActivityPlace {
  readonly at: Date;
  readonly id: string;
}

export interface ActivityPage {
  readonly entries: readonly ActivityEntry[];
  /** Undefined on the last page. */
  readonly next: ActivityPlace | undefined;
}

interface ActivityPaging {
  readonly after?: ActivityPlace | undefined;
  readonly most: number;
}

/** What happened in people's names, for themselves: by them, or by what they had decided. */
export interface Activity {
  /**
   * A page of what somebody is told of on pages, the latest first.
   *
   * @param after where the page before ended; undefined for the first one
   * @param most entries; 100 at most
   */
  ofPerson(accountId: string, options: ActivityPaging): Promise<ActivityPage>;
  /** A page of all that the audit has about her, in the same order. */
  aboutPerson(accountId: string, options: ActivityPaging): Promise<ActivityPage>;
}

interface Row {
  id: string;
  at: Date;
  type: AuditType;
  client_id: string | null;
  api_id: string | null;
  grant_type: string | null;
  scope: string | null;
  source: string | null;
  detail: Record<string, unknown>;
}

const asEntry = (row: Row): ActivityEntry => ({
  id: row.id,
  at: row.at,
  type: row.type,
  clientId: row.client_id ?? undefined,
  apiId: row.api_id ?? undefined,
  grantType: row.grant_type ?? undefined,
  scope: row.scope ?? undefined,
  source: row.source ?? undefined,
  detail: row.detail,
});

/** Reads the audit trail by person. */
export function createActivity(options: { db: Database }): Activity {
  const { db } = options;

  async function read(
    statement: Statement,
    accountId: string,
    { after, most, types }: ActivityPaging & { types: readonly (readonly AuditType[])[] },
  ): Promise<ActivityPage> {
    const size = Math.max(1, Math.min(most, MOST));
    const values = [accountId, after?.at ?? null, after?.id ?? null, size + 1, ...types];
    const rows = await db.query<Row>(statement, values);
    const entries = rows.slice(0, size).map(asEntry);
    const last = entries.at(-1);
    return { entries, next: rows.length > size && last ? { at: last.at, id: last.id } : undefined };
  }

  return {
    ofPerson: (accountId, paging) => read(statements.told, accountId, { ...paging, types: [told] }),
    aboutPerson: (accountId, paging) => read(statements.all, accountId, { ...paging, types: [] }),
  };
}
