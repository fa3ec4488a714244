import type { Audit, AuditRow } from '../../audit/index.ts';
import { createGroup, type Database, refuseInsideTransaction } from '../../db/index.ts';
import type { PlacedArtefact, SqlStore } from '../storage/index.ts';

/** What one request without a transaction of its own leaves behind. */
export interface Outcome {
  readonly row: AuditRow;
  readonly tokens: readonly PlacedArtefact[];
}

/**
 * The batch writer: stores the outcomes of many requests in one transaction. No token without its audit row, one commit for
 * all; each promise resolves when its outcome is durable.
 */
export function createOutcomeWriter(options: {
  db: Database;
  audit: Audit;
  store: SqlStore;
}): (outcome: Outcome) => Promise<void> {
  const { db, audit, store } = options;
  const write = async (outcomes: readonly Outcome[]) => {
    const rows = outcomes.map((outcome) => outcome.row);
    const tokens = outcomes.flatMap((outcome) => outcome.tokens);
    if (tokens.length === 0) await audit.add(rows);
    else {
      await db.transaction(async () => {
        await store.putMany(tokens);
        await audit.add(rows);
      });
    }
    return outcomes.map(() => undefined);
  };
  const grouped = createGroup<Outcome, undefined>({ write, maxItems: 500, maxWaiting: 1000, lanes: 2 });
  return async (outcome) => {
    refuseInsideTransaction('The batch writer');
    await grouped(outcome);
  };
}
