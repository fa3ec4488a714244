import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { send } from '../joining/steps.ts';
import { openAccount } from './account.ts';

/** What no page sends, and somebody may send all the same: an answer that it is wrong, never a fault of the server. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.sql('DELETE FROM authenticators');
});
afterAll(() => server?.close());

test('an address whose escapes mean nothing is a link that is over', async () => {
  const { visitor } = await openAccount(server);
  expect((await visitor.get('/account/address/%E0%A4%A')).status).toBe(400);
});

test('a form with the character U+0000 is none of ours', async () => {
  const { visitor, page } = await openAccount(server, { path: '/account/devices' });
  const fields = { decision: 'one', session: 'a\0b' };
  expect((await send(visitor, page, '/devices', fields)).status).toBe(403);
});
