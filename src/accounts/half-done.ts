import type { Database, Statement } from '../db/index.ts';
import { proofVersionOf, type Signed } from './account.ts';

const statements = {
  end: {
    name: 'accounts_end_half_done',
    text: `UPDATE accounts SET proof_version = proof_version + 1 WHERE id = $1 AND disabled_at IS NULL RETURNING id`,
  },
  hold: {
    name: 'accounts_hold',
    text: 'SELECT id FROM accounts WHERE id = $1 AND disabled_at IS NULL AND proof_version = $2 FOR UPDATE',
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

/**
 * Locks an account for something that is added to it, such as a way to sign in, until the end of the caller's transaction: of things
 * that are added at once, each sees those before it.
 *
 * @param account as it was found with whoever is signed in
 * @returns false where that counts no more: everything of hers ended since, or the account cannot be used
 */
export type HoldAccount = (account: Signed) => Promise<boolean>;

/** Makes that lock. */
export const createHoldAccount =
  ({ db }: { db: Database }): HoldAccount =>
  async (account) =>
    (await db.query(statements.hold, [account.id, proofVersionOf(account)])).length === 1;
