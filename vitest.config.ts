import { defineConfig } from 'vitest/config';

/**
 * Three projects, one command: unit (no I/O), integration (HTTP and database), browser (Chromium).
 *
 * The files of the first two share the modules of a worker: importing everything anew for each of 250 files took longer
 * than the tests. So no test may replace a module (`vi.mock`) there; browser tests do.
 */
export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false } },
      {
        test: {
          name: 'integration',
          isolate: false,
          include: ['test/integration/**/*.test.ts'],
          setupFiles: ['test/support/quiet.ts'],
          globalSetup: ['test/support/template.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          setupFiles: ['test/support/quiet.ts'],
          globalSetup: ['test/support/template.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
