/**
 * Where a person finds what was done in her name. Safe while running: the index is built without a lock that anybody waits
 * for, so outside a transaction. A run that was cut off is begun anew.
 */
export const safety = 'safe-while-running';
export const inTransaction = false;

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  `DROP INDEX CONCURRENTLY IF EXISTS audit_events_subject`,
  `CREATE INDEX CONCURRENTLY audit_events_subject ON audit_events (subject, at) WHERE subject IS NOT NULL`,
];
