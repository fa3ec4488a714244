import { createHash } from 'node:crypto';
import type { Database, Statement } from '../db/index.ts';
import type { RecordChange } from './credential-change.ts';
import type { EndHalfDone } from './half-done.ts';
import { plainCode, randomCode } from './typed-code.ts';

const statements = {
  count: {
    name: 'recovery_codes_count',
    text: 'SELECT count(*)::int AS count FROM recovery_codes WHERE account_id = $1',
  },
  dropAll: {
    name: 'recovery_codes_drop_all',
    text: 'DELETE FROM recovery_codes WHERE account_id = $1',
  },
  add: {
    name: 'recovery_codes_add',
    text: `INSERT INTO recovery_codes (account_id, hash)
           SELECT account_id, unnest($2::text[]) FROM authenticators WHERE account_id = $1 RETURNING hash`,
  },
  use: {
    name: 'recovery_codes_use',
    text: 'DELETE FROM recovery_codes WHERE account_id = $1 AND hash = $2 RETURNING hash',
  },
} satisfies Record<string, Statement>;

/** How many codes are made at once. */
export const RECOVERY_CODES = 10;

/** 16 characters of five bits: 80 bits, too many to guess, so that a fast hash is enough. */
const GROUPS = [4, 4, 4, 4] as const;
const LENGTH = 16;

const digest = (code: string) => createHash('sha256').update(plainCode(code)).digest('base64url');

/** Codes to keep on paper, each good for one sign-in instead of the authenticator app. */
export interface RecoveryCodes {
  /**
   * Makes new codes in the place of all before, with an audit row. Nobody can look at them again.
   *
   * @returns none for an account without an authenticator app, or that cannot be used: for nothing else would they stand in
   */
  make(accountId: string): Promise<readonly string[]>;
  /** How many are left. */
  count(accountId: string): Promise<number>;
  /** Uses a code up, with an audit row. @returns whether it was one, and not used before */
  use(accountId: string, code: string): Promise<boolean>;
}

/** Recovery codes in the database. */
export function createRecoveryCodes(options: {
  db: Database;
  recordChange: RecordChange;
  endHalfDone: EndHalfDone;
}): RecoveryCodes {
  const { db, recordChange, endHalfDone } = options;
  return {
    async make(accountId) {
      const codes = Array.from({ length: RECOVERY_CODES }, () => randomCode(GROUPS));
      return db.transaction(async () => {
        // The account's row is the lock: of those who make codes at once, the last one's are good, and nobody else's.
        if (!(await endHalfDone(accountId))) return [];
        await db.query(statements.dropAll, [accountId]);
        const added = await db.query(statements.add, [accountId, codes.map(digest)]);
        if (added.length === 0) return [];
        await recordChange(accountId, 'recovery-codes-made');
        return codes;
      });
    },
    async count(accountId) {
      const [row] = await db.query<{ count: number }>(statements.count, [accountId]);
      return row?.count ?? 0;
    },
    use: (accountId, code) =>
      db.transaction(async () => {
        if (plainCode(code).length !== LENGTH) return false;
        const used = await db.query(statements.use, [accountId, digest(code)]);
        if (used.length > 0) await recordChange(accountId, 'recovery-code-used');
        return used.length > 0;
      }),
  };
}
