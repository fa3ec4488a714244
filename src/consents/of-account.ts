import type { Database, Statement } from '../db/index.ts';

const statements = {
  grants: {
    name: 'consents_grants_of_account',
    text: `SELECT g.grant_id FROM grants g JOIN consents c ON c.id = g.consent_id
           WHERE c.account_id = $1 AND g.ended_at IS NULL ORDER BY g.grant_id`,
  },
} satisfies Record<string, Statement>;

/** What came from all decisions of one account. */
export interface OfAccount {
  /** Its grants that have not ended. */
  grantsOfAccount(accountId: string): Promise<readonly string[]>;
}

/** Looks in the database. */
export function createOfAccount({ db }: { db: Database }): OfAccount {
  return {
    async grantsOfAccount(accountId) {
      const rows = await db.query<{ grant_id: string }>(statements.grants, [accountId]);
      return rows.map((row) => row.grant_id);
    },
  };
}
