import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { EndEverything } from './password-resets.ts';

const statements = {
  disable: {
    name: 'accounts_disable',
    text: `UPDATE accounts SET disabled_at = coalesce(disabled_at, $2), disabled_reason = $3, updated_at = $2
           WHERE id = $1 AND disabled_reason IS DISTINCT FROM $3 RETURNING id`,
  },
  restore: {
    name: 'accounts_restore',
    text: `UPDATE accounts SET disabled_at = NULL, disabled_reason = NULL, updated_at = $2
           WHERE id = $1 AND disabled_at IS NOT NULL RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** Whether an account can be used. `disabled`: not, and no reason was kept. */
export type AccountStatus = 'active' | 'suspended' | 'deceased' | 'disabled';

/** Accounts that cannot be used: nobody signs in with them, and nothing that came from them goes on. */
export interface Statuses {
  /**
   * Ends the use of an account at once, with all its sessions, grants and links, and an audit row. Nobody is told by mail.
   *
   * @returns false where nothing had to be changed
   */
  disable(accountId: string, reason: 'suspended' | 'deceased'): Promise<boolean>;
  /** Lets an account be used again, with an audit row; what had ended has ended. @returns false where it could be used */
  restore(accountId: string): Promise<boolean>;
}

/** Puts accounts out of use and back, in the database. */
export function createStatuses(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  endEverything: EndEverything;
}): Statuses {
  const { db, clock, audit, endEverything } = options;
  return {
    disable: (accountId, reason) =>
      db.transaction(async () => {
        const changed = await db.query(statements.disable, [accountId, clock.now(), reason]);
        if (changed.length === 0) return false;
        await audit.record({ type: `account.${reason}`, subject: accountId });
        await endEverything(accountId, { reason: `account ${reason}` });
        return true;
      }),
    restore: (accountId) =>
      db.transaction(async () => {
        const changed = await db.query(statements.restore, [accountId, clock.now()]);
        if (changed.length > 0) await audit.record({ type: 'account.restored', subject: accountId });
        return changed.length > 0;
      }),
  };
}
