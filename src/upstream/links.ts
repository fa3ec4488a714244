import { anotherWayIn, createEndHalfDone, type Notify } from '../accounts/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database, Statement } from '../db/index.ts';

const statements = {
  use: {
    name: 'linked_identities_use',
    text: `UPDATE linked_identities SET last_used_at = $3 WHERE issuer = $1 AND subject = $2 RETURNING account_id`,
  },
  add: {
    name: 'linked_identities_add',
    text: `INSERT INTO linked_identities (issuer, subject, account_id, linked_at, last_used_at) VALUES ($1, $2, $3, $4, $4)
           ON CONFLICT (issuer, subject) DO NOTHING RETURNING account_id`,
  },
  owner: {
    name: 'linked_identities_owner',
    text: `SELECT a.id, a.proof_version FROM linked_identities l JOIN accounts a ON a.id = l.account_id
           WHERE l.issuer = $1 AND l.subject = $2`,
  },
  of: {
    name: 'linked_identities_of',
    text: `SELECT issuer, linked_at, last_used_at FROM linked_identities WHERE account_id = $1
           ORDER BY linked_at, issuer`,
  },
  remove: {
    name: 'linked_identities_remove',
    text: `DELETE FROM linked_identities WHERE account_id = $1 AND issuer = $2 AND ${anotherWayIn('link')}
           RETURNING issuer`,
  },
} satisfies Record<string, Statement>;

/** Somebody elsewhere who is an account here. */
export interface Link {
  readonly issuer: string;
  readonly linkedAt: Date;
  readonly lastUsedAt: Date;
}

/** Whose an identity was when somebody proved it, and under which version of her proofs (`proofVersionOf`). */
export interface Owner {
  readonly accountId: string;
  readonly proofVersion: number;
}

/** Who somebody is elsewhere. Issuer and subject say it, and nothing else does: no address, no name, no number. */
export interface Links {
  /** Whose an identity elsewhere is now; it is not used. */
  ownerOf(issuer: string, subject: string): Promise<Owner | undefined>;
  /** The account under an identity elsewhere, which is used now. */
  use(issuer: string, subject: string): Promise<string | undefined>;
  /** Links an identity that is nobody's yet, with an audit row, and tells whoever it concerns; false when it is somebody's, hers included. */
  add(accountId: string, source: string, issuer: string, subject: string): Promise<boolean>;
  /** The identities of an account, oldest first. */
  of(accountId: string): Promise<readonly Link[]>;
  /**
   * Ends the link of an account to an issuer, with an audit row, and tells whoever it concerns.
   *
   * @returns false when there is none, or it is the last way in which she can sign in
   */
  remove(accountId: string, issuer: string): Promise<boolean>;
}

/** The links in the database. */
export function createLinks(options: { db: Database; clock: Clock; audit: Audit; notify: Notify }): Links {
  const { db, clock, audit, notify } = options;
  const endHalfDone = createEndHalfDone(options);
  return {
    async ownerOf(issuer, subject) {
      const values = [issuer, subject];
      const [row] = await db.query<{ id: string; proof_version: number }>(statements.owner, values);
      return row && { accountId: row.id, proofVersion: row.proof_version };
    },
    async use(issuer, subject) {
      const values = [issuer, subject, clock.now()];
      const [row] = await db.query<{ account_id: string }>(statements.use, values);
      return row?.account_id;
    },
    add: (accountId, source, issuer, subject) =>
      db.transaction(async () => {
        const [row] = await db.query(statements.add, [issuer, subject, accountId, clock.now()]);
        if (row === undefined) return false;
        await audit.record({ type: 'account.linked', subject: accountId, detail: { source, issuer } });
        await notify(accountId, 'linked');
        return true;
      }),
    async of(accountId) {
      const rows = await db.query<{ issuer: string; linked_at: Date; last_used_at: Date }>(statements.of, [
        accountId,
      ]);
      return rows.map((row) => ({
        issuer: row.issuer,
        linkedAt: row.linked_at,
        lastUsedAt: row.last_used_at,
      }));
    },
    remove: (accountId, issuer) =>
      db.transaction(async () => {
        // Of the last two ways in, taken out at once, one stays.
        await endHalfDone(accountId);
        const [row] = await db.query(statements.remove, [accountId, issuer]);
        if (row === undefined) return false;
        await audit.record({ type: 'account.unlinked', subject: accountId, detail: { issuer } });
        await notify(accountId, 'unlinked');
        return true;
      }),
  };
}
