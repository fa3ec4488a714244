import { once } from 'node:events';
import { openDatabase } from '../../../../src/db/index.ts';

// Pauses between two statements of a transaction until it is told to go on; then tries the second, and a new query.
const statement = { name: 'story_one', text: 'SELECT 1 AS one' };
const { db } = await openDatabase({ url: process.argv[2], dataDir: '', onError: () => {} });

const outcome = await db
  .transaction(async () => {
    await db.query(statement);
    process.stdout.write('between two statements\n');
    await once(process.stdin, 'data');
    await db.query(statement);
  })
  .then(
    () => 'committed',
    (error: Error & { code?: string }) => error.code,
  );
process.stdout.write(`the transaction: ${outcome}\n`);

const deadline = Date.now() + 5000;
for (;;) {
  const rows = await db.query(statement).catch((error: unknown) => {
    if (Date.now() > deadline) throw error;
    return undefined;
  });
  if (rows !== undefined) break;
}
process.stdout.write('the next query works\n');
await db.close();
process.exit(0);
