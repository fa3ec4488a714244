import type { Accounts, EndEverything } from '../../accounts/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { ClientRegistry } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { Consents } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import { createRevocations } from '../../revocations/index.ts';
import type { BrowserSessions, LogoutNotices } from '../../sessions/index.ts';
import { createEndGrants } from '../grants/end-grants.ts';
import { createTellEnded } from '../grants/tell-ended.ts';
import { createSqlStore, type KnownSession, sidsIn } from '../storage/index.ts';
import { createEndSession } from './end-session.ts';

/**
 * Ends everything that goes on in somebody's name, as signing out everywhere does, from where no server runs: sessions that began
 * so far count no more, wherever they are kept, and those in the database are deleted; all grants end with their tokens; and each
 * application that wants to know of it is going to be told. What she decided stays; it is asked about anew only where that has
 * ended.
 */
export function createEndAccount(options: {
  db: Database;
  clock: Clock;
  accounts: Pick<Accounts, 'signOut'>;
  consents: Consents;
  browserSessions: BrowserSessions;
  registry: ClientRegistry;
  logoutNotices: LogoutNotices;
  audit: Audit;
}): EndEverything {
  const { db, accounts, consents, browserSessions } = options;
  const store = createSqlStore(options);
  const endSession = createEndSession(options);
  const tellEnded = createTellEnded(options);
  const endGrants = createEndGrants({ ...options, store, revocations: createRevocations(options) });

  /** Ends one session. @returns what the applications in it know it by; nothing where it is kept elsewhere */
  async function end(accountId: string, uid: string): Promise<KnownSession[]> {
    const session = await store.destroyByUid('Session', uid);
    if (session?.accountId !== accountId) return [];
    await endSession(uid, session);
    return sidsIn(session);
  }

  return (accountId, { reason }) =>
    db.transaction(async () => {
      // The account first: her row is the lock under which her decisions change (consents/rows.ts).
      await accounts.signOut(accountId);
      const known: KnownSession[] = [];
      for (const uid of await browserSessions.forgetAll(accountId, undefined))
        known.push(...(await end(accountId, uid)));
      const grants = await consents.grantsOf(accountId);
      await endGrants(
        grants.map(({ grantId }) => grantId),
        reason,
      );
      await tellEnded(accountId, grants, known);
    });
}
