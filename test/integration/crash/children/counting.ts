import type { Driver } from '../../../../src/db/database.ts';

/** A driver that can end its own process between any two statements. */
export interface CountingDriver {
  readonly driver: Driver;
  /** From now on the process ends right before the statement of this number; 0 lets all of them pass. */
  arm(killAt: number): void;
  /** What was passed since, in its order. */
  passed(): readonly string[];
}

/** What a node asks four times a second beside its requests: on a slow machine also in the midst of one. */
const POLL = 'revocations_since';

/**
 * Counts statements, those of transactions included: before each one, before a COMMIT, and after it, the process can be
 * ended by SIGKILL, which leaves it no time for anything.
 */
export function createCounting(inner: Driver): CountingDriver {
  let killAt = 0;
  let passed: string[] = [];

  /** One place where the process can end. */
  async function place(name: string): Promise<void> {
    if (passed.length + 1 === killAt) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    }
    passed.push(name);
  }

  const counted =
    (query: Driver['query'], where: string): Driver['query'] =>
    async (statement, values) => {
      if (statement.name !== POLL) await place(`${where}${statement.name}`);
      return query(statement, values);
    };

  return {
    driver: {
      kind: inner.kind,
      query: counted(inner.query, ''),
      async transaction(work) {
        await place('BEGIN');
        const result = await inner.transaction(async (query) => {
          const done = await work(counted(query, '  '));
          await place('COMMIT');
          return done;
        });
        await place('after COMMIT');
        return result;
      },
      load: inner.load,
      close: inner.close,
    },
    arm(at) {
      killAt = at;
      passed = [];
    },
    passed: () => passed,
  };
}
