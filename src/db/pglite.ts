import { PGlite, types } from '@electric-sql/pglite';
import type { Driver } from './database.ts';

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
  return {
    kind: 'pglite',
    pglite,
    query: async (statement, values) =>
      (await pglite.query<Record<string, unknown>>(statement.text, [...values])).rows,
    transaction: (work) =>
      pglite.transaction((inner) =>
        work(
          async (statement, values) =>
            (await inner.query<Record<string, unknown>>(statement.text, [...values])).rows,
        ),
      ),
    close: () => pglite.close(),
  };
}
