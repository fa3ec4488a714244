import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { demoSeed } from '../../support/code.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { demoPassword } from '../../support/visitor.ts';
import { forgetPeople, goodPassword, mails, tokenIn } from '../accounts/people.ts';

/** Links that are open when somebody locks others out: whoever she locks out may have asked for them, or read her mail. */

let server: TestServer;
let hash: string;
beforeAll(async () => {
  server = await startServer();
  hash = await server.services.passwords.hash(demoPassword);
  await server.sql("DELETE FROM authenticators WHERE account_id = 'hana'");
});
afterAll(() => server?.close());
afterEach(async () => {
  await forgetPeople(server);
  await server.sql('UPDATE accounts SET password_hash = $1, email = $2 WHERE id = $3', [
    hash,
    'hana@example.test',
    'hana',
  ]);
  await server.sql("DELETE FROM authenticators WHERE account_id = 'hana'");
});

const people = () => server.services.people;
const source = '192.0.2.1';
const mailed = async (path: string) => tokenIn((await mails(server)).at(-1)?.text, path);

async function hana() {
  const account = await server.services.accounts.find('hana');
  if (account === undefined) throw new Error('no account');
  return account;
}

async function askForPassword(): Promise<string> {
  await people().resets.ask('hana@example.test');
  return mailed('/account/reset/');
}

async function askForAddress(): Promise<string> {
  await people().addresses.ask(await hana(), 'hana.new@example.test');
  return mailed('/account/address/');
}

const set = (token: string) => people().resets.set(token, { password: goodPassword, code: '', source });
const change = () => server.services.credentials.changePassword('hana', demoPassword, 'tūī sings at dusk');

const endings: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['signs out everywhere', () => server.oidc.sessions.signOutEverywhere('hana', { source })],
  ['has her factors reset', () => people().resetFactors('hana')],
  ['changes her password', change],
];

describe.each(endings)('when somebody %s', (_what, end) => {
  test('a link to a new password is over', async () => {
    const token = await askForPassword();
    await end();
    expect(await set(token)).toBe('over');
    expect(await server.services.accounts.signIn('hana@example.test', goodPassword)).toBeUndefined();
  });

  test('so is one to a new address', async () => {
    const token = await askForAddress();
    await end();
    expect(await people().addresses.confirm(token, await hana())).toBe(false);
  });

  test('of both at once, the link is used before or not at all', async () => {
    const token = await askForPassword();
    const [fault] = await Promise.all([set(token), end()]);
    expect(['over', undefined]).toContain(fault);
    expect(await set(token)).toBe('over');
  });
});

test('a link that went to an address is over when she is reached at another', async () => {
  const confirming = await askForAddress();
  const token = await askForPassword();
  expect(await people().addresses.confirm(confirming, await hana())).toBe(true);
  expect(await set(token)).toBe('over');
});

test('an app that is set up while a password is set is asked for as well', async () => {
  const token = await askForPassword();
  const { passwords, credentials } = server.services;
  const { hash: work } = passwords;
  const spy = vi.spyOn(passwords, 'hash').mockImplementationOnce(async (password) => {
    await credentials.authenticators.put('hana', demoSeed, { always: true });
    return work(password);
  });
  expect(await set(token)).toBe('code');
  spy.mockRestore();
  expect(await server.services.accounts.signIn('hana@example.test', goodPassword)).toBeUndefined();
});
