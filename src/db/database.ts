import type { Knex } from 'knex';

/** A row as the driver returns it. */
export type Row = Record<string, unknown>;

/**
 * A fixed SQL text. On PostgreSQL it is sent as a prepared statement under its name,
 * so a text has one name and a name one text in the whole program.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** How busy the connections of a handle are. */
export interface PoolLoad {
  /** Connections that are open. */
  readonly total: number;
  /** Those of them that nobody uses. */
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

/**
 * The one handle through which features reach the database, whichever it is.
 *
 * Inside `transaction` every call of this handle belongs to that transaction, however deep in the call
 * stack (AsyncLocalStorage carries it); a call on another handle throws.
 */
export interface Database {
  readonly kind: 'postgres' | 'pglite';
  /** Runs a statement and returns its rows. @throws DatabaseUnavailable when trying again may help */
  query<R extends object = Row>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
  /** Runs a statement composed with `sql`: for administration, not for the hot path. */
  run<R extends object = Row>(builder: Knex.QueryBuilder): Promise<R[]>;
  /** Composes SQL for `run`; it holds no connection of its own. */
  readonly sql: Knex;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
   * A transaction inside a transaction is the same transaction.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a scope where a transaction begins only when `begin` is called: for a request of which nobody knows
   * at its start whether it will change anything, and which waits for others (a slow body, a key server) before it does.
   *
   * @param work says at its end what becomes of the transaction, if one has begun; it is rolled back when `work` rejects
   */
  deferred(work: () => Promise<'commit' | 'rollback'>): Promise<void>;
  /** Begins the transaction of the `deferred` scope around the caller; does nothing outside one, or for the second time. */
  begin(): Promise<void>;
  /** Whether the caller is inside a transaction. */
  inTransaction(): boolean;
  /** The database server's own clock, for comparing with ours. */
  serverTime(): Promise<Date>;
  /** How busy the connections are now. */
  load(): PoolLoad;
  close(): Promise<void>;
}

/** What a driver has to offer; `createDatabase` builds the handle on it. */
export interface Driver {
  readonly kind: Database['kind'];
  query(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** Runs `work` between BEGIN and COMMIT on one connection, which `work` gets as a query function. */
  transaction<T>(work: (query: Driver['query']) => Promise<T>): Promise<T>;
  load(): PoolLoad;
  close(): Promise<void>;
}
