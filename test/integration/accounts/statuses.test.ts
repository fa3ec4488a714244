import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, demoPassword, exchange, introspect, keteWeb } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { accountAudit, forgetPeople } from './people.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server?.close());
afterEach(async () => {
  await forgetPeople(server);
  await server.sql('UPDATE accounts SET disabled_at = NULL, disabled_reason = NULL');
});

const statuses = () => server.services.people.statuses;
const signsIn = async (identifier: string) =>
  (await server.services.accounts.signIn(identifier, demoPassword)) !== undefined;

describe.each(['suspended', 'deceased'] as const)('an account that is %s', (reason) => {
  test('has no session, no grant and no way in any more, also after it is restored but the way in', async () => {
    const tokens = await exchange(server, await authorise(server));
    const { visitor } = await openAccount(server);
    expect((await visitor.get('/account')).status).toBe(200);
    expect(await statuses().disable('aroha', reason)).toBe(true);

    expect((await visitor.get('/account')).status).toBe(303);
    expect((await introspect(server, tokens.access_token)).active).toBe(false);
    expect(await signsIn('aroha@example.test')).toBe(false);
    const refresh = () =>
      server.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }, keteWeb);
    expect((await refresh()).status).toBe(400);

    expect(await statuses().restore('aroha')).toBe(true);
    expect((await introspect(server, tokens.access_token)).active).toBe(false);
    expect((await refresh()).status).toBe(400);
    expect((await visitor.get('/account')).status, 'the session from before').toBe(303);
    expect(await signsIn('aroha@example.test')).toBe(true);
    expect((await accountAudit(server)).slice(-2).map(({ type }) => type)).toEqual([
      `account.${reason}`,
      'account.restored',
    ]);
  });

  test('is so once, however many say it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => statuses().disable('tom', reason)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test('has no open link', async () => {
    await server.services.people.resets.ask('hana@example.test');
    await statuses().disable('hana', reason);
    expect(await server.sql("SELECT id FROM one_time_links WHERE account_id = 'hana'")).toEqual([]);
    expect(await server.services.people.resets.link('hana')).toBeUndefined();
  });

  test('gets none that was asked for before, or at the same time', async () => {
    const { addresses, resets } = server.services.people;
    const account = { id: 'hana', name: 'Hana Ngata', language: undefined };
    await Promise.all([
      ...Array.from({ length: 4 }, () => resets.ask('hana@example.test')),
      statuses().disable('hana', reason),
      ...Array.from({ length: 4 }, () => addresses.ask(account, 'new@example.test')),
      resets.link('hana'),
    ]);
    await addresses.ask(account, 'new@example.test');
    expect(await server.sql("SELECT id FROM one_time_links WHERE account_id = 'hana'")).toEqual([]);
  });
});
