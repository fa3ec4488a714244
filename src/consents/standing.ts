import { type Account, type AccountRow, accountColumns, asAccount } from '../accounts/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { ConsentLine } from './lines.ts';
import { asConsent, type Consent, type ConsentKey, isUnder } from './rows.ts';

/** How somebody stands to an application. */
export interface Standing {
  readonly account: Account;
  /** What she decided about it, and what still holds: at each API, for each record, in each role. */
  readonly consents: readonly Consent[];
}

/** How people stand to applications: what each page of a sign-in has to know, in one look. */
export interface Standings {
  /** Undefined where there is no account, or it was disabled. */
  standing(accountId: string, clientId: string): Promise<Standing | undefined>;
}

// Both at once: a first login asks four times, and never for one without the other (docs/performance.md).
const find: Statement = {
  name: 'standings_find',
  text: `SELECT ${accountColumns}, c.id AS consent_id, c.api_id, c.patient AS consent_patient, c.role, c.reason, c.lines,
           c.version, c.expires_at
         FROM accounts a LEFT JOIN consents c
           ON c.account_id = a.id AND c.client_id = $2 AND c.ended_at IS NULL AND c.expires_at > $3
         WHERE a.id = $1 AND a.disabled_at IS NULL`,
};

/** An account with one of the decisions, or with none. */
interface Row extends AccountRow {
  consent_id: string | null;
  api_id: string | null;
  consent_patient: string | null;
  role: string | null;
  reason: string | null;
  lines: ConsentLine[];
  version: number;
  expires_at: Date;
}

/** The decision about this, among those that hold. */
export const consentUnder = (
  { consents }: Pick<Standing, 'consents'>,
  key: ConsentKey,
): Consent | undefined => consents.find((consent) => isUnder(consent, key));

/** Reads both from the database. */
export function createStandings(options: { db: Database; clock: Clock }): Standings {
  const { db, clock } = options;
  return {
    async standing(accountId, clientId) {
      const rows = await db.query<Row>(find, [accountId, clientId, clock.now()]);
      const [first] = rows;
      if (first === undefined) return undefined;
      const consents = rows.flatMap(({ consent_id: id, consent_patient: patient, ...row }) =>
        id === null ? [] : [asConsent({ ...row, id, patient, account_id: accountId, client_id: clientId })],
      );
      return { account: asAccount(first), consents };
    },
  };
}
