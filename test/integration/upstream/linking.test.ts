import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { holdStatement } from '../../support/held.ts';
import { type LyingProvider, startLyingProvider } from '../../support/lying-provider.ts';
import type { TestServer } from '../../support/server.ts';
import { formsOf, type Page, type Visitor } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import {
  importSource,
  knownToPortal,
  linkedTo,
  portalRequest,
  providerOf,
  registerPortal,
  signInPage,
  startBeside,
  toProvider,
} from './elsewhere.ts';

const path = '/account/security/sources';
let provider: LyingProvider;
let server: TestServer;

async function importElsewhere(more: object = {}): Promise<void> {
  const { publicJwk } = await importSource(server, {
    id: 'elsewhere',
    name: 'Elsewhere',
    issuer: provider.issuer,
    client_id: 'assent-here',
    id_token_alg: 'ES256',
    new_accounts: true,
    ...more,
  });
  provider.clientKey = publicJwk;
}

beforeAll(async () => {
  provider = await startLyingProvider();
  server = await startBeside(provider.issuer);
  await registerPortal(server);
  // Without an app a password is all that they can prove, and enough for the page.
  await server.sql('DELETE FROM authenticators');
});
beforeEach(async () => {
  await importElsewhere();
  provider.honest();
  await server.sql('DELETE FROM linked_identities');
});
afterAll(async () => {
  await server?.close();
  await provider?.close();
});

/** Sends the form that has this field. */
async function press(visitor: Visitor, page: Page, name: 'add' | 'remove', value: string): Promise<Page> {
  const [form] = formsOf(page).filter(({ action }) => action === path);
  return visitor.post(path, [...(form?.fields ?? []), [name, value]]);
}

/** Signs in at the provider, just now if a test has said nothing else. @returns where the browser is sent back to */
function signInThere(there: URL): URL {
  provider.person = { auth_time: Math.floor(Date.now() / 1000), ...provider.person };
  return provider.signIn(there);
}

/** Adds the source to an account. */
async function add(visitor: Visitor, page: Page): Promise<Page> {
  const there = providerOf(await press(visitor, page, 'add', 'elsewhere'));
  return visitor.follow(await visitor.get(signInThere(there).href));
}

const auditTypes = async () =>
  (
    await server.sql<{ type: string }>(
      `SELECT type FROM audit_events WHERE subject = 'aroha' AND type LIKE 'account.%' ORDER BY at`,
    )
  ).map(({ type }) => type);

test('somebody adds a source to her account, signs in there, and removes it again', async () => {
  const { visitor, page } = await openAccount(server, { path });
  expect(page.html).toContain('You have not added any yet.');
  const added = await add(visitor, page);
  expect(added.url).toContain(path);
  expect(added.html).toContain('You can sign in there from now on.');
  expect(await linkedTo(server, 'somebody')).toBe('aroha');

  const waiting = await signInPage(server, portalRequest);
  const back = provider.signIn(await toProvider(waiting, 'elsewhere'));
  const consent = await waiting.visitor.follow(await waiting.visitor.get(back.href));
  expect((await knownToPortal(server, waiting, consent)).sub).toBe('aroha');

  const told = await server.sql("SELECT kind FROM mails WHERE account_id = 'aroha' AND kind = 'newBrowser'");
  expect(told, 'a sign-in there in a browser that is not known').toHaveLength(1);

  const removed = await visitor.follow(await press(visitor, added, 'remove', provider.issuer));
  expect(removed.html).toContain('You cannot sign in there any more.');
  expect(await linkedTo(server, 'somebody')).toBeUndefined();
  expect(await auditTypes()).toEqual(expect.arrayContaining(['account.linked', 'account.unlinked']));
  // She is told by mail: it could be somebody else who found her signed in.
  const mails = await server.sql(
    `SELECT kind FROM mails WHERE account_id = 'aroha' AND kind = 'credentialChanged'`,
  );
  expect(mails).toHaveLength(2);
});

test.each([
  ['asks anew', false],
  ['has somebody signed in all day', true],
])('IS-04 only who signs in anew at a source is added, where that %s', async (_what, sso) => {
  await importElsewhere({ single_sign_on: sso });
  const { visitor, page } = await openAccount(server, { path });
  const { searchParams } = providerOf(await press(visitor, page, 'add', 'elsewhere'));
  expect([searchParams.get('prompt'), searchParams.get('max_age')]).toEqual(['login', '0']);
  // A colleague, who had signed in there an hour ago; a source that does not say when; one that says so.
  const hourAgo = Math.floor(Date.now() / 1000) - 3600;
  for (const said of [{ auth_time: hourAgo }, { auth_time: undefined }]) {
    provider.person = { sub: 'somebody', ...said };
    const refused = await add(visitor, page);
    expect([refused.status, refused.html.includes('You need to sign in again')]).toEqual([403, true]);
    expect(await linkedTo(server, 'somebody')).toBeUndefined();
  }
  provider.person = { sub: 'somebody' };
  expect((await add(visitor, page)).html).toContain('You can sign in there from now on.');
});

test('IS-03 an identity that is somebody else’s here is not taken from her', async () => {
  const aroha = await openAccount(server, { path });
  await add(aroha.visitor, aroha.page);
  const wiremu = await openAccount(server, { path, identifier: 'wiremu@example.test' });
  const page = await add(wiremu.visitor, wiremu.page);
  expect(page.status).toBe(403);
  expect(page.html).toContain('You already have an account here');
  expect(await linkedTo(server, 'somebody')).toBe('aroha');
});

test('what one person began another who is signed in meanwhile does not end', async () => {
  const aroha = await openAccount(server, { path });
  const there = providerOf(await press(aroha.visitor, aroha.page, 'add', 'elsewhere'));
  const handed = await aroha.visitor.get(signInThere(there).href);
  const [line = ''] = handed.headers.getSetCookie().filter((one) => one.startsWith('assent_arrival='));
  expect(line).not.toBe('');
  const wiremu = await openAccount(server, { path, identifier: 'wiremu@example.test' });
  const page = await wiremu.visitor.get(`${path}/arrival`, {
    Cookie: [...wiremu.visitor.cookies(`${path}/arrival`), line.split(';')[0]].join('; '),
  });
  expect(page.status).toBe(400);
  expect(await linkedTo(server, 'somebody')).toBeUndefined();
});

test('the last way in is not removed, not even one of two at once', async () => {
  const { visitor, page } = await openAccount(server, { path });
  const added = await add(visitor, page);
  await server.sql('UPDATE accounts SET password_hash = NULL WHERE id = $1', ['aroha']);
  const kept = await press(visitor, added, 'remove', provider.issuer);
  expect(kept.html).toContain('You could not sign in without it.');
  expect(await linkedTo(server, 'somebody')).toBe('aroha');

  await importSource(server, {
    id: 'second',
    name: 'Second',
    issuer: 'https://second.example.test',
    client_id: 'assent-here',
  });
  await server.sql(
    `INSERT INTO linked_identities (issuer, subject, account_id, linked_at, last_used_at)
     VALUES ('https://second.example.test', 'second', 'aroha', now(), now())`,
  );
  const issuers = [provider.issuer, 'https://second.example.test'];
  await Promise.all(issuers.map((issuer) => press(visitor.copy(), added, 'remove', issuer)));
  const left = await server.sql(`SELECT issuer FROM linked_identities WHERE account_id = 'aroha'`);
  expect(left).toHaveLength(1);
});

test('nothing is linked where she signs out everywhere while it is', async () => {
  const { visitor, page } = await openAccount(server, { path, identifier: 'wiremu@example.test' });
  const there = providerOf(await press(visitor, page, 'add', 'elsewhere'));
  const handed = await visitor.get(signInThere(there).href);
  // Her session was found by then.
  const held = holdStatement(server, (name) => name === 'source_requests_take');
  const linking = visitor.follow(handed);
  await held.reached;
  await server.oidc.sessions.signOutEverywhere('wiremu', { source: '192.0.2.1' });
  held.release();
  expect((await linking).status).toBe(400);
  expect(await linkedTo(server, 'somebody')).toBeUndefined();
});
