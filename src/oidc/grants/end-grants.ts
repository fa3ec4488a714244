import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { Consents } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import type { Revocations } from '../../revocations/index.ts';
import { lifetimes } from '../lifetimes.ts';
import type { ArtefactStore } from '../storage/index.ts';

/**
 * Ends grants with their families, all codes and tokens that came from them: everything is gone when it resolves, with an
 * audit row for each that was alive. Part of the caller's transaction, if there is one.
 *
 * @returns how many were alive
 */
export type EndGrants = (grantIds: Iterable<string>, reason: string) => Promise<number>;

/** Ends what came from a grant, in an order that nothing slips through. */
export function createEndGrants(options: {
  db: Database;
  clock: Clock;
  store: ArtefactStore;
  consents: Consents;
  revocations: Revocations;
  audit: Audit;
}): EndGrants {
  const { db, clock, store, consents, revocations, audit } = options;
  return (grantIds, reason) =>
    db.transaction(async () => {
      let alive = 0;
      for (const grantId of grantIds) {
        // The grant first: whoever is making tokens from it holds a share of its row, so this waits for them, and the
        // statement after it sees what they made.
        await store.destroy('Grant', grantId);
        await store.revokeByGrantId(grantId);
        const expiresAt = new Date(clock.now().getTime() + lifetimes.longestJwt * 1000);
        await revocations.add([{ kind: 'grant', id: grantId, expiresAt }]);
        if (!(await consents.endGrant(grantId))) continue;
        await audit.record({ type: 'grant.ended', detail: { grant: grantId, reason } });
        alive += 1;
      }
      return alive;
    });
}
