import { describe, expect, test } from 'vitest';
import { createDatabase } from '../../../src/db/handle.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { createServerDatabase, onServer } from '../../support/database.ts';
import { layWire } from './wire.ts';

if (!onServer)
  console.warn('A silent database is not tested: the embedded one has no wire; set DATABASE_URL');

describe.skipIf(!onServer)('F-12 a database that falls silent', () => {
  test('is given up, alone and in a transaction, and used again when it answers', {
    timeout: 30_000,
  }, async () => {
    const { url, drop } = await createServerDatabase('empty');
    const line = await layWire(new URL(url));
    const db = createDatabase(await openPostgres(line.url, () => {}));
    const one = { name: 'one', text: 'SELECT 1 AS one' };
    try {
      expect(await db.query(one)).toEqual([{ one: 1 }]);
      line.silence(true);
      const alone = db.query(one);
      const inside = db.transaction(() => db.query(one));
      await expect(alone).rejects.toThrow(DatabaseUnavailable);
      await expect(inside).rejects.toThrow(DatabaseUnavailable);
      line.silence(false);
      await expect
        .poll(() => db.query(one).catch(() => 'not yet'), { timeout: 15_000 })
        .toEqual([{ one: 1 }]);
    } finally {
      line.close();
      await db.close();
      await drop();
    }
  });
});
