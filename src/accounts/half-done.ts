import type { Database, Statement } from '../db/index.ts';

const statements = {
  end: {
    name: 'accounts_end_half_done',
    text: `UPDATE accounts SET proof_version = proof_version + 1 WHERE id = $1 AND disabled_at IS NULL RETURNING id`,
  },
} satisfies Record<string, Statement>;

/**
 * Ends sign-ins of an account that are not finished: what was proved in them may have been proved with what is taken out. Part of the
 * caller's transaction, until whose end it is also the lock under which ways to sign in change: each change sees those before it.
 *
 * @returns false where the account cannot be used
 */
export type EndHalfDone = (accountId: string) => Promise<boolean>;

/** Makes what ends them. */
export const createEndHalfDone =
  ({ db }: { db: Database }): EndHalfDone =>
  async (accountId) =>
    (await db.query(statements.end, [accountId])).length === 1;
