/** What a code of Assent's own errors says to whoever meets it. */
interface ErrorKind {
  /** HTTP status of the answer, where it reaches one. */
  readonly status: number;
  readonly meaning: string;
  /** What an operator does about it. */
  readonly remedy: string;
}

/** Every code of an error that Assent itself raises. `docs/errors.md` shows this table. */
export const errorCodes = {
  database_unavailable: {
    status: 503,
    meaning:
      'the database cannot be reached, is shutting down, full or too slow, or another process migrates it for too long',
    remedy:
      'nothing if it passes; else look at PostgreSQL: reachable, disk space, `max_connections`, locks. `cause` has its own words',
  },
  redis_unavailable: {
    status: 503,
    meaning: 'browser sessions, interactions and pushed requests cannot be reached',
    remedy:
      'look at Redis: reachable, memory. People sign in again; tokens for programs are issued as before',
  },
  overloaded: {
    status: 503,
    meaning: 'more writes or passwords wait than a node takes on; callers try again',
    remedy:
      'if it lasts: more nodes, or a faster database; `assent_password_queue` and `assent_db_pool_waiting` tell which',
  },
  clock_skew: {
    status: 503,
    meaning:
      "the node's clock is a minute or more ahead of the database's: it clears away no rows and is not ready",
    remedy: 'set both clocks by NTP; `assent doctor` measures the difference',
  },
  address_refused: {
    status: 502,
    meaning: "a client's address (`jwks_uri`) is not public, or not https",
    remedy: 'correct the registration, or name host and port in `OUTGOING_ALLOW`',
  },
  no_answer: {
    status: 502,
    meaning: 'the command line got no answer from the server, or none that it understands',
    remedy: 'check `ISSUER` or `--issuer`, and that Assent runs there',
  },
  refused: {
    status: 400,
    meaning: 'the configuration, a file or a command cannot be used as it is; each fault has a line',
    remedy: 'mend what the lines name',
  },
  migration_failed: {
    status: 500,
    meaning:
      'a migration could not be applied: the schema is the one before it (where it is not rolled back, it is begun anew)',
    remedy:
      'mend what the message names (often rights, or a table of the same name), then `assent migrate up` again',
  },
  wrong_master_key: {
    status: 500,
    meaning:
      'a signing key, or another secret that is stored, cannot be decrypted: the master key is another one, or the row was changed',
    remedy: 'give the master key that the database was used with; without it there is no way to them',
  },
  audit_head_gone: {
    status: 500,
    meaning: 'the row that holds the end of the audit chain was deleted: nothing can be sealed',
    remedy: '`assent audit verify`, then find out who writes to the database',
  },
  audit_chain_cut: {
    status: 500,
    meaning: 'links of the audit chain that this node knew are gone',
    remedy:
      '`assent audit verify --head` with the head that the log noted last; expected only after a restore',
  },
  audit_head_moved: {
    status: 500,
    meaning: 'the end of the audit chain was changed while a node sealed; it tries again',
    remedy: 'once: nothing. Again and again: `assent audit verify`',
  },
  wrong_handle: {
    status: 500,
    meaning: 'a mistake in Assent: inside a transaction something was used that does not belong to it',
    remedy: 'report it with the log line',
  },
  transaction_ended: {
    status: 500,
    meaning: 'a mistake in Assent: a query came after the end of its transaction',
    remedy: 'report it with the log line',
  },
} as const satisfies Record<string, ErrorKind>;

/** The stable, machine-readable name of an error. */
export type ErrorCode = keyof typeof errorCodes;
