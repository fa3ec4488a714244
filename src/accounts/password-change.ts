import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';
import type { RecordChange } from './credential-change.ts';
import { createLinks } from './links.ts';
import type { PasswordChoice } from './password-choice.ts';
import { normalPassword, type PasswordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

const statements = {
  find: {
    name: 'password_change_find',
    text: `SELECT a.name, a.password_hash,
             (SELECT coalesce(jsonb_agg(i.value), '[]') FROM account_identifiers i WHERE i.account_id = a.id) AS identifiers
           FROM accounts a WHERE a.id = $1 AND a.disabled_at IS NULL`,
  },
  change: {
    name: 'password_change',
    text: `UPDATE accounts SET password_hash = $3, updated_at = $4, proof_version = proof_version + 1
           WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL RETURNING id`,
  },
} satisfies Record<string, Statement>;

/** `wrong`: the password before is another one; `same`: it is the one before. */
export type PasswordChangeFault = PasswordFault | 'wrong' | 'same';

/** Passwords of people who are signed in. */
export interface PasswordChange {
  /** Whether somebody has a password: who signs in elsewhere may have none. */
  hasPassword(accountId: string): Promise<boolean>;
  /**
   * Changes a password, with an audit row. Sign-ins that are not finished end: the one before may have been typed in them. So do
   * links that are open: somebody else may have asked for them.
   *
   * @param alongside done in the same transaction @returns undefined when it was changed @throws Overloaded when too many passwords wait to be checked
   */
  changePassword(
    accountId: string,
    current: string,
    next: string,
    alongside?: () => Promise<void>,
  ): Promise<PasswordChangeFault | undefined>;
}

interface PasswordRow {
  name: string;
  password_hash: string | null;
  identifiers: string[];
}

/** Makes the way in which a password is changed. */
export function createPasswordChange(options: {
  db: Database;
  clock: Clock;
  passwords: Passwords;
  choice: PasswordChoice;
  recordChange: RecordChange;
}): PasswordChange {
  const { db, clock, passwords, choice, recordChange } = options;
  const links = createLinks(options);
  const find = async (accountId: string) => (await db.query<PasswordRow>(statements.find, [accountId])).at(0);

  return {
    hasPassword: async (accountId) => ((await find(accountId))?.password_hash ?? null) !== null,
    async changePassword(accountId, current, next, alongside = async () => {}) {
      const row = await find(accountId);
      const before = row?.password_hash ?? undefined;
      if (!(await passwords.verify(current, before)) || row === undefined) return 'wrong';
      if (normalPassword(next) === normalPassword(current)) return 'same';
      const fault = await choice.fault(next, [row.name, ...row.identifiers]);
      if (fault !== undefined) return fault;
      const hash = await passwords.hash(next);
      return db.transaction(async () => {
        // Of two who change it at once, one knows the password that it had.
        const changed = await db.query(statements.change, [accountId, before, hash, clock.now()]);
        if (changed.length === 0) return 'wrong';
        await links.endOf(accountId);
        await recordChange(accountId, 'password-changed');
        await alongside();
        return undefined;
      });
    },
  };
}
