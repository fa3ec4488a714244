import { defineConfig } from 'vitest/config';

/**
 * The fault suite (`npm run test:faults`): two nodes on a PostgreSQL and a Redis that it kills and starts. One file after
 * another, because each of them loads the machine.
 */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/faults/stage/template.ts'],
    setupFiles: ['test/support/quiet.ts'],
    fileParallelism: false,
    isolate: false,
    disableConsoleIntercept: true,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
