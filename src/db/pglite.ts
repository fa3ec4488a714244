import { PGlite, types } from '@electric-sql/pglite';
import type { Driver, Row } from './database.ts';

export interface EmbeddedDriver extends Driver {
  /** The instance itself, for migrations and for dumps. */
  readonly pglite: PGlite;
}

/**
 * Opens the embedded database: PostgreSQL inside this process, one session.
 *
 * @param source a folder to keep it in, or a dump to load into memory
 */
export async function openPglite(source: { folder: string } | { dump: Blob }): Promise<EmbeddedDriver> {
  const pglite = await PGlite.create({
    ...('folder' in source ? { dataDir: source.folder } : { loadDataDir: source.dump }),
    parsers: { [types.INT8]: Number },
  });
  // There is one session; whoever comes while it is taken waits.
  let callers = 0;
  async function counted<T>(work: () => Promise<T>): Promise<T> {
    callers += 1;
    try {
      return await work();
    } finally {
      callers -= 1;
    }
  }

  return {
    kind: 'pglite',
    pglite,
    query: (statement, values) =>
      counted(async () => (await pglite.query<Row>(statement.text, [...values])).rows),
    transaction: (work) =>
      counted(() =>
        pglite.transaction((inner) =>
          work(async (statement, values) => (await inner.query<Row>(statement.text, [...values])).rows),
        ),
      ),
    load: () => ({ total: 1, idle: callers === 0 ? 1 : 0, waiting: Math.max(0, callers - 1) }),
    close: () => pglite.close(),
  };
}
