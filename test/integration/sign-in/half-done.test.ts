import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createPasskey } from '../../support/passkey.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { passkeyOptions } from '../../support/step-up.ts';
import { demoPassword, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { goodPassword } from '../accounts/people.ts';
import { begin } from '../pages/steps.ts';

/** Sign-ins that are not finished when everything of an account ends: whoever began one may be who was to be locked out. */

let server: TestServer;
let hash: string;
beforeAll(async () => {
  server = await startServer();
  hash = await server.services.passwords.hash(demoPassword);
  await server.sql("DELETE FROM authenticators WHERE account_id = 'hana'");
});
afterAll(() => server?.close());
afterEach(async () => {
  await server.sql('UPDATE accounts SET password_hash = $1', [hash]);
});

const third = { acr_values: '3' };

async function resetPassword(): Promise<void> {
  const { resets } = server.services.people;
  const token = (await resets.link('hana'))?.split('/').at(-1) ?? '';
  const fault = await resets.set(token, { password: goodPassword, code: '', source: '192.0.2.1' });
  expect(fault).toBeUndefined();
}

function typePassword(visitor: Visitor, page: Page): Promise<Page> {
  const { action, fields } = formTo(page, '/sign-in');
  return visitor.post(action, [...fields, ['identifier', 'hana@example.test'], ['password', demoPassword]]);
}

const isSignedIn = async (visitor: Visitor) => (await visitor.get('/account')).status === 200;

/** Sends what a page that offers a new passkey asks for. */
function offerPasskey(visitor: Visitor, page: Page): Promise<Page> {
  const response = createPasskey({ issuer: server.issuer, synced: true }).create(
    passkeyOptions(page, 'create'),
  );
  const { action, fields } = formTo(page, '/new-passkey');
  const csrf = fields.filter(([name]) => name === 'csrf');
  return visitor.post(action, [...csrf, ['response', JSON.stringify(response)], ['name', 'Phone']]);
}

const passkeysOf = (id: string) => server.services.credentials.passkeys.list(id);

test('a password that was typed before a reset opens no session after it', async () => {
  const { visitor, page } = await begin(server);
  const proved = await typePassword(visitor, page);
  expect(proved.location).toContain('/auth/');
  await resetPassword();
  const after = await visitor.follow(proved);
  expect(after.html).not.toContain('/consent"');
  expect(await isSignedIn(visitor)).toBe(false);
});

test('nor does it add a passkey after it', async () => {
  const { visitor, page } = await begin(server, { change: third });
  const asked = await visitor.follow(await typePassword(visitor, page));
  await resetPassword();
  const answer = await offerPasskey(visitor, asked);
  expect(answer.html).toContain('/sign-in"');
  expect(await passkeysOf('hana')).toEqual([]);
});

test('nor does a session that has ended meanwhile', async () => {
  const { visitor } = await openAccount(server, { identifier: 'hana@example.test' });
  const { page } = await begin(server, { change: third, visitor });
  await resetPassword();
  const answer = await offerPasskey(visitor, page);
  expect(answer.html).toContain('/sign-in"');
  expect(await passkeysOf('hana')).toEqual([]);
  expect(await isSignedIn(visitor)).toBe(false);
});
