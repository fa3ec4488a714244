import type { Audit } from '../../audit/index.ts';
import type { Clock } from '../../clock.ts';
import type { Consents } from '../../consents/index.ts';
import type { Database } from '../../db/index.ts';
import { createSqlStore } from '../storage/index.ts';

/** Rows that end in one transaction: a statement has two seconds. */
const BATCH = 1000;

/** How much has ended. */
export interface Ended {
  readonly consents: number;
  readonly grants: number;
  /** Codes, tokens, sessions and whatever else the library had stored. */
  readonly artefacts: number;
}

/**
 * Ends everything that came from people's decisions, and the decisions: in a database that was restored from a backup nobody
 * knows what had been used up or taken back since. No node may take requests meanwhile. Cut off, it can be run again.
 */
export async function endAll(options: {
  db: Database;
  clock: Clock;
  consents: Consents;
  audit: Audit;
}): Promise<Ended> {
  const { consents, audit } = options;
  const store = createSqlStore(options);
  const ended = { consents: 0, grants: 0, artefacts: 0 };
  for (;;) {
    const some = await consents.endSome(BATCH, 'restored');
    ended.consents += some.consents;
    ended.grants += some.grants.length;
    if (some.consents < BATCH) break;
  }
  for (;;) {
    const gone = await store.clear(BATCH);
    ended.artefacts += gone;
    if (gone < BATCH) break;
  }
  await audit.record({ type: 'database.restored', detail: { ...ended } });
  return ended;
}
