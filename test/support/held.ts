import type { Database } from '../../src/db/index.ts';
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

/** Holds the first statement for which `chosen` says so, before it is sent. */
export function holdStatement(
  { services: { db } }: Pick<TestServer, 'services'>,
  chosen: (name: string, values: readonly unknown[]) => boolean,
): Held {
  const { query } = db;
  const gate = createGate();
  const slow: Database['query'] = async (statement, values = []) => {
    if (chosen(statement.name, values)) await gate.pass();
    return query(statement, values);
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
