import pg from 'pg';
import type { Driver, Statement } from './database.ts';
import { isConnectionFault } from './faults.ts';
import { inSpan } from './spans.ts';

/** Milliseconds; see docs/reliability.md for how they follow from each other. */
const STATEMENT_TIMEOUT = 2000;
const LOCK_TIMEOUT = 1000;
const CONNECT_TIMEOUT = 2000;
const IDLE_TRANSACTION_TIMEOUT = 5000;

/** For a server that does not answer at all: it cannot apply its own limits, so ours is a little longer. */
const SILENCE_TIMEOUT = 3000;

/** Connections a node. The signing thread is busy long before ten sessions are. */
const POOL_SIZE = 10;

/** int8 arrives as text, because it may exceed a double; ours never do. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

function asQuery(statement: Statement, values: readonly unknown[]): pg.QueryConfig {
  const query = { text: statement.text, values: [...values] };
  return statement.name === '' ? query : { ...query, name: statement.name };
}

/**
 * Opens a pool on a PostgreSQL server and warms it, so that the first requests do not pay for connecting.
 *
 * @param onError receives faults of idle connections; without a listener a restart of PostgreSQL would end the process
 */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<Driver> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    query_timeout: SILENCE_TIMEOUT,
    keepAlive: true,
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT,
    application_name: 'assent',
    types,
  });
  pool.on('error', onError);
  // The pool listens only to idle connections; one that breaks inside a transaction would end the process too.
  pool.on('connect', (client) => client.on('error', onError));
  const warm = await Promise.allSettled(Array.from({ length: POOL_SIZE }, () => pool.connect()));
  for (const result of warm) if (result.status === 'fulfilled') result.value.release();

  return {
    kind: 'postgres',
    query: async (statement, values) => (await pool.query(asQuery(statement, values))).rows,
    async transaction(work) {
      const client = await inSpan('connect', () => pool.connect());
      let broken: Error | undefined;
      // What the connection itself has met counts: the work may end with another error, translated or of its own, or with none.
      async function send(query: pg.QueryConfig): Promise<pg.QueryResult> {
        if (broken !== undefined) throw broken;
        try {
          return await client.query(query);
        } catch (error) {
          if (isConnectionFault(error)) broken = error as Error;
          throw error;
        }
      }
      try {
        await inSpan('begin', () => send({ text: 'BEGIN' }));
        const result = await work(async (statement, values) => (await send(asQuery(statement, values))).rows);
        // A statement that nobody awaited may have failed: PostgreSQL then answers COMMIT with a rollback.
        const { command } = await inSpan('commit', () => send({ text: 'COMMIT' }));
        if (command !== 'COMMIT')
          throw new Error('a transaction was rolled back: one of its statements had failed');
        return result;
      } catch (error) {
        // One that fell silent would let ROLLBACK wait for a second silence. Closed, it makes the server roll back by itself.
        if (broken === undefined)
          await send({ text: 'ROLLBACK' }).catch((fault: Error) => {
            broken = fault;
          });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}
