import type { Database, Statement } from '../../src/db/index.ts';
import type { TestServer } from './server.ts';

/** One step of a request, which waits until it is let go on. */
export interface Held {
  /** Resolves when the step is reached. */
  readonly reached: Promise<void>;
  /** Lets it go on, and leaves everything else alone from now on. */
  release(): void;
}

/** A gate that closes behind whoever comes first, and is opened once. */
export function createGate(): Held & { pass(): Promise<void> } {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let closed = true;
  return {
    reached: reached.promise,
    release: () => opened.resolve(),
    async pass() {
      if (!closed) return;
      closed = false;
      reached.resolve();
      await opened.promise;
    },
  };
}

/** Holds the first statement for which `chosen` says so: before it is sent, or with what it read. */
export function holdStatement(
  { services: { db } }: Pick<TestServer, 'services'>,
  chosen: (name: string, values: readonly unknown[]) => boolean,
  when: 'before' | 'after' = 'before',
): Held {
  const { query } = db;
  const gate = createGate();
  const slow: Database['query'] = async <R extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
  ) => {
    const held = chosen(statement.name, values);
    if (held && when === 'before') await gate.pass();
    const rows = await query<R>(statement, values);
    if (held && when === 'after') await gate.pass();
    return rows;
  };
  Object.assign(db, { query: slow });
  return {
    reached: gate.reached,
    release() {
      Object.assign(db, { query });
      gate.release();
    },
  };
}
