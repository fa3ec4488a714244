import type { Database, Statement } from '../db/index.ts';
import type { Consent } from './rows.ts';
import type { Shown } from './shown.ts';

/** A decision as it was kept, whether it holds or not. */
export interface KeptConsent extends Consent {
  /** What the page said. Decisions from before this was kept in full lack some of it. */
  readonly shown: Partial<Shown>;
  /** SHA-256 of `shown`; undefined for decisions from before. */
  readonly textDigest: string | undefined;
  readonly decidedAt: Date;
  readonly endedAt: Date | undefined;
  /** Why it ended: `replaced` by a later decision, or what took it back. */
  readonly endReason: string | undefined;
}

const columns = `id, account_id, client_id, api_id, patient, role, reason, lines, shown, version, text_digest, decided_at,
  expires_at, ended_at, end_reason`;

const statements = {
  find: {
    name: 'kept_consents_find',
    text: `SELECT ${columns} FROM consents WHERE account_id = $1 AND id = $2`,
  },
  all: {
    name: 'kept_consents_all',
    text: `SELECT ${columns} FROM consents WHERE account_id = $1 ORDER BY decided_at DESC, id LIMIT $2`,
  },
} satisfies Record<string, Statement>;

interface Row {
  id: string;
  account_id: string;
  client_id: string;
  api_id: string | null;
  patient: string | null;
  role: string | null;
  reason: string | null;
  lines: Consent['lines'];
  shown: Partial<Shown>;
  version: number;
  text_digest: string | null;
  decided_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  end_reason: string | null;
}

const asKept = (row: Row): KeptConsent => ({
  id: row.id,
  accountId: row.account_id,
  clientId: row.client_id,
  apiId: row.api_id ?? undefined,
  patient: row.patient ?? undefined,
  role: row.role ?? undefined,
  reason: row.reason ?? undefined,
  lines: row.lines,
  shown: row.shown,
  version: row.version,
  textDigest: row.text_digest ?? undefined,
  decidedAt: row.decided_at,
  expiresAt: row.expires_at,
  endedAt: row.ended_at ?? undefined,
  endReason: row.end_reason ?? undefined,
});

/** Looks up what somebody decided, now and before. */
export interface KeptConsents {
  /** One decision of hers; undefined where it is another person's, or none. */
  find(accountId: string, id: string): Promise<KeptConsent | undefined>;
  /** Her decisions, those that ended too, the newest first. @param most how many */
  all(accountId: string, most: number): Promise<readonly KeptConsent[]>;
}

/** What people decided, for themselves to see. */
export function createKeptConsents({ db }: { db: Database }): KeptConsents {
  return {
    async find(accountId, id) {
      const [row] = await db.query<Row>(statements.find, [accountId, id]);
      return row && asKept(row);
    },
    async all(accountId, most) {
      return (await db.query<Row>(statements.all, [accountId, most])).map(asKept);
    },
  };
}
