import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import { createVisitor, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { accountAudit, goodPassword, mails, tokenIn } from '../accounts/people.ts';
import { importSource, linkedTo, startBeside, toProvider } from './elsewhere.ts';

/** Somebody who only signs in elsewhere gets a password here. */

const path = '/account/security/password/new';
const email = 'somebody@example.test';
let provider: LyingProvider;
let server: TestServer;
let visitor: Visitor;
let id: string;

beforeAll(async () => {
  provider = await startLyingProvider();
  server = await startBeside(provider.issuer, { REDIS_URL: '' });
  const { publicJwk } = await importSource(server, {
    ...{ id: 'elsewhere', name: 'Elsewhere', issuer: provider.issuer, client_id: 'assent-here' },
    ...{ id_token_alg: 'ES256', new_accounts: true },
  });
  provider.clientKey = publicJwk;
});
afterAll(async () => {
  await server?.close();
  await provider?.close();
});
beforeEach(async () => {
  await server.sql('DELETE FROM accounts WHERE NOT demo');
  await server.sql('DELETE FROM mails');
  await server.sql('DELETE FROM rate_limits');
  visitor = createVisitor(server.issuer);
  await open('/account');
  id = (await linkedTo(server, 'somebody')) ?? '';
});

/** Opens an account page, signing in elsewhere where that is asked. */
async function open(address: string, signedInAt = Math.floor(Date.now() / 1000)): Promise<Page> {
  provider.person = { ...provider.person, auth_time: signedInAt };
  const page = await visitor.follow(await visitor.get(address));
  if (!page.html.includes('/source"')) return page;
  const back = provider.signIn(await toProvider({ visitor, page }, 'elsewhere'));
  return visitor.follow(await visitor.get(back.href));
}

const verify = (address: string) =>
  server.sql('UPDATE accounts SET email = $2, email_verified_at = now() WHERE id = $1', [id, address]);

async function askForLink(): Promise<Page> {
  const { action, fields } = formTo(await open(path), path);
  return visitor.follow(await visitor.post(action, fields));
}

async function choose(token: string): Promise<Page> {
  const page = await visitor.get(`/account/reset/${token}`);
  const { action, fields } = formTo(page, token);
  return visitor.post(action, [...fields, ['password', goodPassword], ['again', goodPassword]]);
}

const token = async () => tokenIn((await mails(server)).at(-1)?.text, '/account/reset/');

test('she proves her address, and a link to it sets the password that goes with it', async () => {
  expect((await open('/account/security')).html).toContain(`href="${path}"`);
  const before = await open(path);
  expect(before.html).toContain('First we need an email address');

  const address = formTo(await open('/account/address'), '/account/address');
  await visitor.post(address.action, [...address.fields, ['email', email]]);
  const proof = await open(
    `/account/address/${tokenIn((await mails(server))[0]?.text, '/account/address/')}`,
  );
  const confirm = formTo(proof, proof.url);
  await visitor.post(confirm.action, confirm.fields);

  expect((await askForLink()).html).toContain('We have sent you an email.');
  expect((await mails(server)).at(-1)).toMatchObject({ kind: 'firstPassword', to: email });
  expect((await choose(await token())).status).toBe(200);
  expect((await server.services.accounts.signIn(email, goodPassword))?.id).toBe(id);
  expect((await visitor.get('/account')).status, 'the session of before').toBe(303);
  expect((await accountAudit(server)).map(({ type }) => type)).toContain('account.password-reset');
  expect((await open(path)).url).toContain('/account/security/password');
});

test('a sign-in there that is not fresh is not enough', async () => {
  visitor = createVisitor(server.issuer);
  const page = await open(path, Math.floor(Date.now() / 1000) - 1000);
  expect(page.html).toContain('You need to sign in again');
});

test('an address that somebody signs in with already is not hers to sign in with', async () => {
  await verify('Aroha@example.test');
  expect((await askForLink()).html).toContain('Somebody signs in with this address already.');
  expect((await mails(server)).filter(({ kind }) => kind === 'firstPassword')).toEqual([]);
});

test('nor is one that somebody has taken since, and then no password is set', async () => {
  await verify(email);
  await askForLink();
  const link = await token();
  await server.sql("INSERT INTO account_identifiers (value, account_id) VALUES ($1, 'aroha')", [email]);
  expect((await choose(link)).status).toBe(400);
  expect(await server.services.credentials.hasPassword(id)).toBe(false);
  await server.sql('DELETE FROM account_identifiers WHERE value = $1', [email]);
});

test('links are sent a few times, and then she waits', async () => {
  await verify(email);
  const answers: Page[] = [];
  for (let count = 0; count < 6; count += 1) answers.push(await askForLink());
  expect(answers.at(0)?.html).toContain('We have sent you an email.');
  expect(answers.at(-1)?.status).toBe(429);
  expect((await mails(server)).filter(({ kind }) => kind === 'firstPassword').length).toBeLessThan(6);
});
