import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { forgetPeople, mails } from '../accounts/people.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server?.close());
afterEach(async () => {
  await forgetPeople(server);
  await server.sql('UPDATE accounts SET email_verified_at = updated_at');
});

test('whoever signs in in a new browser is told once, with what to do', async () => {
  const visitor = createVisitor(server.issuer);
  await openAccount(server, { visitor });
  const [mail, ...more] = await mails(server);
  expect(more).toEqual([]);
  expect(mail).toMatchObject({
    kind: 'newSignIn',
    to: 'aroha@example.test',
    subject: 'Your password was used in a new browser',
  });
  expect(mail?.text).toMatch(/at \d\d:\d\d on \d+ \w+ \d{4}\./);
  expect(mail?.text).toContain(`${server.issuer}/account/reset`);
  expect(JSON.stringify(mail)).not.toMatch(/Kete/);

  // The same browser again, when its session has ended.
  await server.sql("DELETE FROM oidc_artefacts WHERE model = 'Session'");
  await openAccount(server, { visitor });
  expect(await mails(server)).toHaveLength(1);
  await openAccount(server, { visitor, identifier: 'aroha@example.test' });
  await openAccount(server, { identifier: 'aroha@example.test' });
  expect(await mails(server), 'another browser').toHaveLength(2);
});

test('nobody is told where no address was verified, or the password was wrong', async () => {
  await server.sql("UPDATE accounts SET email_verified_at = NULL WHERE id = 'tom'");
  await openAccount(server, { identifier: 'tom@example.test' });
  await openAccount(server, { identifier: 'nobody@example.test' });
  expect(await mails(server)).toEqual([]);
});
