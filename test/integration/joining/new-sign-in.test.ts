import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { passkeyOptions, sendPasskey, setUpPasskey } from '../../support/step-up.ts';
import { createVisitor, demoPassword, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { forgetPeople, mails } from '../accounts/people.ts';
import { begin } from '../pages/steps.ts';

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

test('of many new browsers five a day are told of', async () => {
  for (let count = 0; count < 7; count += 1) await openAccount(server, { identifier: 'wiremu@example.test' });
  expect(await mails(server)).toHaveLength(5);
  await server.sql("UPDATE mails SET created_at = created_at - interval '25 hours'");
  await openAccount(server, { identifier: 'wiremu@example.test' });
  expect(await mails(server)).toHaveLength(6);
});

test('a passkey in a new browser is told of, too, and once', async () => {
  await server.sql("DELETE FROM authenticators WHERE account_id = 'mere'");
  const first = await begin(server, { change: { acr_values: '3' } });
  const form = formTo(first.page, '/sign-in');
  const asked = await first.visitor.follow(
    await first.visitor.post(form.action, [
      ...form.fields,
      ['identifier', 'mere@example.test'],
      ['password', demoPassword],
    ]),
  );
  const { passkey } = await setUpPasskey(first.visitor, asked);
  await server.sql('DELETE FROM mails');
  const use = async (visitor: Visitor, page: Page) =>
    sendPasskey(visitor, page, '/passkey', passkey.get(passkeyOptions(page, 'get')));

  await use(
    first.visitor,
    (await begin(server, { visitor: first.visitor, change: { prompt: 'login' } })).page,
  );
  expect(await mails(server), 'the browser of before').toEqual([]);
  const other = await begin(server);
  await use(other.visitor, other.page);
  await use(
    other.visitor,
    (await begin(server, { visitor: other.visitor, change: { prompt: 'login' } })).page,
  );
  const [mail, ...more] = await mails(server);
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ kind: 'newBrowser', subject: 'Your account was used in a new browser' });
  expect(mail?.text).toContain(`${server.issuer}/account/devices`);
});
