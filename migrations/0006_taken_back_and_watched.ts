/**
 * What was taken back before its time, the chain over the audit, and counters of rate limits. Safe while running: it adds
 * tables, and a column whose default the version before it leaves to the database.
 */
export const safety = 'safe-while-running';

/** One statement an entry: the embedded database takes no more at a time. */
export const statements: readonly string[] = [
  `CREATE TABLE revocations (
    kind       text NOT NULL CHECK (kind IN ('token', 'grant')),
    id         text NOT NULL,
    expires_at timestamptz NOT NULL,
    written    xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (kind, id)
  )`,
  `CREATE INDEX revocations_written ON revocations (written)`,
  `CREATE INDEX revocations_expiry ON revocations (expires_at)`,
  // A constant first and the function afterwards: the other way round every row would be rewritten under a lock.
  `ALTER TABLE audit_events ADD COLUMN written xid8 NOT NULL DEFAULT '0'`,
  `ALTER TABLE audit_events ALTER COLUMN written SET DEFAULT pg_current_xact_id()`,
  `ALTER TABLE audit_events ADD COLUMN correlation_id text`,
  `CREATE TABLE audit_chain (
    seq      bigint PRIMARY KEY CHECK (seq > 0),
    event_id text NOT NULL UNIQUE,
    hash     text NOT NULL
  )`,
  // One row: the end of the chain, and from where on the sealer looks for rows that are not in it yet.
  `CREATE TABLE audit_head (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq     bigint NOT NULL,
    hash    text NOT NULL,
    horizon xid8 NOT NULL
  )`,
  `INSERT INTO audit_head (seq, hash, horizon) VALUES (0, '', '0')`,
  // Counters may be lost, so they need no write-ahead log.
  `CREATE UNLOGGED TABLE rate_limits (
    key    text PRIMARY KEY,
    points integer NOT NULL DEFAULT 0,
    expire bigint
  )`,
  `CREATE INDEX rate_limits_expire ON rate_limits (expire)`,
  `CREATE INDEX remote_jwks_expiry ON remote_jwks (expires_at)`,
];
