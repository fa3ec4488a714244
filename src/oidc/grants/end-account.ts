import type { Accounts, EndEverything } from '../../accounts/index.ts';
import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { Consents } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import { createRevocations } from '../../revocations/index.ts';
import type { BrowserSessions } from '../../sessions/index.ts';
import { createSqlStore } from '../storage/index.ts';
import { createEndGrants } from './end-grants.ts';

/**
 * Ends everything that goes on in somebody's name: sessions that began so far count no more, wherever they are kept, and all
 * grants end with their tokens. What she decided stays; it is asked about anew only where that has ended.
 */
export function createEndAccount(options: {
  db: Database;
  clock: Clock;
  accounts: Pick<Accounts, 'signOut'>;
  consents: Consents;
  browserSessions: Pick<BrowserSessions, 'forgetAll'>;
  audit: Audit;
}): EndEverything {
  const { db, accounts, consents, browserSessions } = options;
  const endGrants = createEndGrants({
    ...options,
    store: createSqlStore(options),
    revocations: createRevocations(options),
  });
  return (accountId, { reason }) =>
    db.transaction(async () => {
      // The account first: her row is the lock under which her decisions change (consents/rows.ts).
      await accounts.signOut(accountId);
      await browserSessions.forgetAll(accountId, undefined);
      const grants = await consents.grantsOf(accountId);
      await endGrants(
        grants.map(({ grantId }) => grantId),
        reason,
      );
    });
}
