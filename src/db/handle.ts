import { AsyncLocalStorage } from 'node:async_hooks';
import knex from 'knex';
import { AssentError } from '../errors.ts';
import type { Database, Driver, Row, Statement } from './database.ts';
import { translate } from './faults.ts';
import { inSpan } from './spans.ts';

interface Transaction {
  readonly driver: Driver;
  readonly query: Driver['query'];
  ended: boolean;
  /** The first fault inside: PostgreSQL has then aborted the transaction and would answer COMMIT with a silent rollback. */
  fault?: { readonly error: unknown };
}

/** What surrounds a caller: a transaction, or a place where one may begin. */
interface Scope {
  transaction?: Transaction;
  /** Begins the transaction of a deferred scope; undefined where it has begun from the start. */
  begin?: () => Promise<void>;
}

/** One store for all handles of the process, so that a second handle used inside a transaction is noticed. */
const current = new AsyncLocalStorage<Scope>();

/** Throws when the caller is inside a transaction: for work that must not be part of one. */
export function refuseInsideTransaction(what: string): void {
  const transaction = current.getStore()?.transaction;
  if (transaction !== undefined && !transaction.ended) {
    throw new AssentError('wrong_handle', `${what} was used inside a transaction`);
  }
}

/** Thrown into a driver's transaction to make it roll back. */
class RolledBack extends Error {}

/** A transaction that is opened in the middle of the work it belongs to, and ended by hand. */
function createOpening(
  driver: Driver,
  scope: Scope,
): { begin(): Promise<void>; end(wish: 'commit' | 'rollback'): Promise<void> } {
  let begun: Promise<void> | undefined;
  let finished: Promise<void> | undefined;
  let settle: ((wish: 'commit' | 'rollback') => void) | undefined;
  let closed = false;

  function open(): Promise<void> {
    return new Promise((resolve, reject) => {
      finished = driver.transaction(async (query) => {
        const transaction: Transaction = { driver, query, ended: false };
        scope.transaction = transaction;
        const wish = await new Promise<'commit' | 'rollback'>((decide) => {
          settle = decide;
          resolve();
        });
        transaction.ended = true;
        if (wish === 'rollback') throw new RolledBack();
        if (transaction.fault !== undefined) throw transaction.fault.error;
      });
      // Until it is open, a fault is that of `begin`; afterwards `end` reports it.
      finished.catch((error: unknown) => reject(translate(error)));
    });
  }

  return {
    async begin() {
      // What begins now would never end: whoever would end it is gone.
      if (closed) throw new AssentError('transaction_ended', 'A transaction began after its scope');
      begun ??= open();
      return begun;
    },
    async end(wish) {
      closed = true;
      // One that is still being opened must end too. Its fault was that of `begin`.
      await begun?.catch(() => {});
      settle?.(wish);
      await finished?.catch((error: unknown) => {
        if (!(error instanceof RolledBack)) throw translate(error);
      });
    },
  };
}

/** Builds the database handle on a driver. */
export function createDatabase(driver: Driver): Database {
  const sql = knex({ client: 'pg' });

  function own(): Transaction | undefined {
    const transaction = current.getStore()?.transaction;
    if (transaction === undefined) return undefined;
    if (transaction.ended)
      throw new AssentError('transaction_ended', 'A query came after the end of its transaction');
    if (transaction.driver !== driver)
      throw new AssentError('wrong_handle', 'Another database handle was used inside a transaction');
    return transaction;
  }

  async function query<R extends object = Row>(
    statement: Statement,
    values: readonly unknown[] = [],
  ): Promise<R[]> {
    const transaction = own();
    try {
      const run = transaction?.query ?? driver.query;
      return (await inSpan(statement.name || 'composed', () => run(statement, values))) as R[];
    } catch (error) {
      const translated = translate(error);
      if (transaction !== undefined) transaction.fault ??= { error: translated };
      throw translated;
    }
  }

  return {
    kind: driver.kind,
    sql,
    query,
    run(builder) {
      const native = builder.toSQL().toNative();
      return query({ name: '', text: native.sql }, native.bindings);
    },
    inTransaction: () => own() !== undefined,
    async transaction(work) {
      const outer = own();
      if (outer !== undefined) {
        try {
          return await work();
        } catch (error) {
          // Half of what belongs together is done: a caller that swallows the fault must not commit it.
          outer.fault ??= { error };
          throw error;
        }
      }
      try {
        return await driver.transaction(async (run) => {
          const transaction: Transaction = { driver, query: run, ended: false };
          try {
            const result = await current.run({ transaction }, work);
            if (transaction.fault !== undefined) throw transaction.fault.error;
            return result;
          } finally {
            transaction.ended = true;
          }
        });
      } catch (error) {
        throw translate(error);
      }
    },
    async deferred(work) {
      refuseInsideTransaction('A deferred scope');
      const scope: Scope = {};
      const opening = createOpening(driver, scope);
      scope.begin = opening.begin;
      let wish: 'commit' | 'rollback' = 'rollback';
      try {
        wish = await current.run(scope, work);
      } finally {
        await opening.end(wish);
      }
    },
    begin: async () => current.getStore()?.begin?.(),
    async serverTime() {
      const [row] = await query<{ at: Date }>({
        name: 'server_time',
        text: 'SELECT clock_timestamp() AS at',
      });
      return row?.at ?? new Date(Number.NaN);
    },
    load: driver.load,
    async close() {
      await sql.destroy();
      await driver.close();
    },
  };
}
