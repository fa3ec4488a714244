import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createDatabase } from '../../../src/db/handle.ts';
import { openPostgres } from '../../../src/db/postgres.ts';
import { DatabaseUnavailable } from '../../../src/errors.ts';
import { createServerDatabase, onServer } from '../../support/database.ts';

/** A wire to the database that can be cut without either end being told. */
async function wire(target: URL): Promise<{ url: string; silence(on: boolean): void; close(): void }> {
  const sockets = new Set<Socket>();
  let silent = false;
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!silent) to.write(chunk);
      });
      from.on('error', () => {});
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    silence: (on) => {
      silent = on;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

if (!onServer)
  console.warn('A silent database is not tested: the embedded one has no wire; set DATABASE_URL');

describe.skipIf(!onServer)('a database that falls silent', () => {
  test('is given up, alone and in a transaction, and used again when it answers', {
    timeout: 30_000,
  }, async () => {
    const { url, drop } = await createServerDatabase('empty');
    const line = await wire(new URL(url));
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
