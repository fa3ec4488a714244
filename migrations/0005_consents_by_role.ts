/**
 * One live consent for each role and reason. Safe while running: the new index allows all that the one before allowed, and
 * it is built without a lock that anybody waits for, so outside a transaction. A run that was cut off is begun anew.
 */
export const safety = 'safe-while-running';
export const inTransaction = false;

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  `DROP INDEX CONCURRENTLY IF EXISTS consents_live_new`,
  `CREATE UNIQUE INDEX CONCURRENTLY consents_live_new
     ON consents (account_id, client_id, coalesce(api_id, ''), coalesce(patient, ''), coalesce(role, ''),
                  coalesce(reason, '')) WHERE ended_at IS NULL`,
  `DROP INDEX CONCURRENTLY IF EXISTS consents_live`,
  `ALTER INDEX consents_live_new RENAME TO consents_live`,
];
