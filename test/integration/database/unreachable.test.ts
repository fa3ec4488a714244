import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/db/index.ts';

/** Port 1 is reserved (tcpmux), and nothing listens on it. */
const url = 'postgres://assent:open-sesame@127.0.0.1:1/assent';

describe('a PostgreSQL server that does not answer', () => {
  test('is no reason not to open; a query says that the service is unavailable, and nothing about where', async () => {
    const { db } = await openDatabase({ url, dataDir: '', onError: () => {} });
    for (const attempt of [
      () => db.query({ name: 'one', text: 'SELECT 1' }),
      () => db.transaction(async () => 'nothing'),
      () => db.serverTime(),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'database_unavailable',
        statusCode: 503,
        message: expect.not.stringMatching(/127\.0\.0\.1|open-sesame/),
      });
    }
    await db.close();
  });
});
