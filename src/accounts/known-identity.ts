import type { Database, Statement } from '../db/index.ts';
import type { HealthIdentifier } from './identity.ts';

/** What is known of who a person is, beside her name. */
export interface KnownIdentity {
  /** none, low, medium or high. */
  readonly identityLevel: string;
  /** As precise as it is known: year, month or day. */
  readonly birthDate: string | undefined;
  readonly identifiers: readonly HealthIdentifier[];
}

const statements = {
  find: {
    name: 'accounts_known_identity',
    text: `SELECT a.identity_level, a.birth_date, h.system, h.value
           FROM accounts a LEFT JOIN health_identifiers h ON h.account_id = a.id WHERE a.id = $1`,
  },
} satisfies Record<string, Statement>;

interface Row {
  identity_level: string;
  birth_date: string | null;
  system: string | null;
  value: string | null;
}

/** Finds what is known of who people are; undefined for an account that does not exist. */
export function createKnownIdentities({ db }: { db: Database }) {
  return async (accountId: string): Promise<KnownIdentity | undefined> => {
    const rows = await db.query<Row>(statements.find, [accountId]);
    const [first] = rows;
    return (
      first && {
        identityLevel: first.identity_level,
        birthDate: first.birth_date ?? undefined,
        identifiers: rows.flatMap(({ system, value }) =>
          system === null || value === null ? [] : [{ system, value }],
        ),
      }
    );
  };
}
