import type { Database, Statement } from '../db/index.ts';
import type { RecordChange } from './credential-change.ts';
import type { EndHalfDone } from './half-done.ts';
import type { EndEverything } from './password-resets.ts';

const statements = {
  passkeys: {
    name: 'factors_drop_passkeys',
    text: 'DELETE FROM passkeys WHERE account_id = $1 RETURNING id',
  },
  authenticators: {
    name: 'factors_drop_authenticators',
    text: 'DELETE FROM authenticators WHERE account_id = $1 RETURNING account_id',
  },
  codes: {
    name: 'factors_drop_recovery_codes',
    text: 'DELETE FROM recovery_codes WHERE account_id = $1 RETURNING hash',
  },
} satisfies Record<string, Statement>;

/** How much was removed. */
export interface RemovedFactors {
  readonly passkeys: number;
  readonly authenticators: number;
  readonly recoveryCodes: number;
}

/**
 * For somebody who has lost what she proves who she is with, beside her password: removes all of it, ends all her sessions and
 * grants, and tells her by mail, all or nothing, with an audit row. Undefined where the account cannot be used.
 */
export type ResetFactors = (accountId: string) => Promise<RemovedFactors | undefined>;

/** Makes what an administrator does about lost devices. */
export function createResetFactors(options: {
  db: Database;
  endHalfDone: EndHalfDone;
  recordChange: RecordChange;
  endEverything: EndEverything;
}): ResetFactors {
  const { db, endHalfDone, recordChange, endEverything } = options;
  const drop = async (statement: Statement, accountId: string) =>
    (await db.query(statement, [accountId])).length;
  return (accountId) =>
    db.transaction(async () => {
      if (!(await endHalfDone(accountId))) return undefined;
      const removed: RemovedFactors = {
        passkeys: await drop(statements.passkeys, accountId),
        authenticators: await drop(statements.authenticators, accountId),
        recoveryCodes: await drop(statements.codes, accountId),
      };
      await recordChange(accountId, 'factors-reset', { ...removed });
      await endEverything(accountId, { reason: 'factors reset' });
      return removed;
    });
}
