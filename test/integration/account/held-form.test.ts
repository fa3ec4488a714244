import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { codeOf } from '../../support/code.ts';
import { createPasskey } from '../../support/passkey.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { passkeyOptions } from '../../support/step-up.ts';
import { formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { forgetPeople, mails, tokenIn } from '../accounts/people.ts';
import { begin } from '../pages/steps.ts';
import { openAccount } from './account.ts';

/** Whoever has somebody's session may hold back the end of a form until she has locked him out. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.close());
beforeEach(() => server.sql("DELETE FROM authenticators WHERE account_id = 'hana'"));
afterEach(async () => {
  await server.sql('DELETE FROM passkeys');
  await forgetPeople(server);
});

const identifier = 'hana@example.test';
type Fields = readonly (readonly [string, string])[];

/** Sends a form but for its last byte, until something has happened. @returns status, place and content of the answer */
async function hold(
  visitor: Visitor,
  { action, fields }: { action: string; fields: Fields },
  until: () => Promise<unknown>,
): Promise<{ status: number | undefined; location: string | undefined; html: string }> {
  const body = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
  const sent = request(new URL(action, server.issuer), {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
      Cookie: visitor.cookies(action).join('; '),
    },
  });
  const answered = new Promise<Awaited<ReturnType<typeof hold>>>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (answer) => {
      let html = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        html += text;
      });
      answer.once('end', () =>
        resolve({ status: answer.statusCode, location: answer.headers.location, html }),
      );
    });
  });
  // Another request that is answered afterwards shows that this one is being worked on.
  await new Promise<void>((resolve) => sent.write(body.slice(0, -1), () => resolve()));
  for (let n = 0; n < 5; n += 1) await visitor.get('/account');
  await until();
  sent.end(body.slice(-1));
  return answered;
}

const signOutEverywhere = () => server.oidc.sessions.signOutEverywhere('hana', { source: '192.0.2.1' });
const resetFactors = () => server.services.people.resetFactors('hana');
const endings: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['signed out everywhere', signOutEverywhere],
  ['had her factors reset', resetFactors],
];

/** The form of a page that adds something, as a script or a person fills it in. */
function filled(page: Page, ending: string, more: Fields): { action: string; fields: Fields } {
  const { action, fields } = formTo(page, ending);
  const named = new Set(more.map(([name]) => name));
  return { action, fields: [...fields.filter(([name]) => !named.has(name)), ...more] };
}

function newPasskey(page: Page, ending = '/passkeys/new') {
  const made = createPasskey({ issuer: server.issuer, synced: true }).create(passkeyOptions(page, 'create'));
  return filled(page, ending, [
    ['response', JSON.stringify(made)],
    ['name', 'Phone'],
  ]);
}

function newApp(page: Page) {
  const key = /class="assent-code">([A-Z2-7 ]+)</.exec(page.html)?.[1] ?? '';
  return filled(page, '/authenticator', [['code', codeOf(key.replaceAll(' ', ''))]]);
}

const passkeysOf = () => server.services.credentials.passkeys.list('hana');
const open = (path: string) => openAccount(server, { path, identifier });

describe.each(endings)('a form that ends after she %s', (_what, end) => {
  test('adds no passkey', async () => {
    const { visitor, page } = await open('/account/security/passkeys/new');
    const answer = await hold(visitor, newPasskey(page), end);
    expect([answer.status, answer.location]).toEqual([303, expect.stringContaining('/auth?')]);
    expect(await passkeysOf()).toEqual([]);
  });

  test('adds no authenticator app', async () => {
    const { visitor, page } = await open('/account/security/authenticator');
    const answer = await hold(visitor, newApp(page), end);
    expect([answer.status, answer.location]).toEqual([303, expect.stringContaining('/auth?')]);
    expect(await server.services.credentials.authenticators.find('hana')).toBeUndefined();
  });

  test('adds no passkey in the middle of a sign-in', async () => {
    const { visitor } = await open('/account');
    const { page } = await begin(server, { change: { acr_values: '3' }, visitor });
    await hold(visitor, newPasskey(page, '/new-passkey'), end);
    expect(await passkeysOf()).toEqual([]);
  });

  test('changes no address', async () => {
    const { visitor, page } = await open('/account/address');
    const form = filled(page, '/address', [['email', 'thief@example.test']]);
    const answer = await hold(visitor, form, end);
    expect(answer.status).toBe(303);
    expect((await mails(server)).filter(({ kind }) => kind === 'address')).toEqual([]);
  });
});

describe.each(endings)('a form that is being worked on while she %s', (_what, end) => {
  test('adds no passkey, and asks who it is', async () => {
    const { visitor, page } = await open('/account/security/passkeys/new');
    const { passkeys } = server.services.credentials;
    const { add } = passkeys;
    const spy = vi.spyOn(passkeys, 'add').mockImplementationOnce(async (...added) => {
      await end();
      return add(...added);
    });
    const { action, fields } = newPasskey(page);
    const answer = await visitor.follow(await visitor.post(action, fields));
    spy.mockRestore();
    expect(await passkeysOf()).toEqual([]);
    expect(answer.html.includes('/sign-in"')).toBe(true);
  });

  test('adds no authenticator app, and asks who it is', async () => {
    const { visitor, page } = await open('/account/security/authenticator');
    const { authenticators } = server.services.credentials;
    const { confirm } = authenticators;
    const spy = vi.spyOn(authenticators, 'confirm').mockImplementationOnce(async (...confirmed) => {
      await end();
      return confirm(...confirmed);
    });
    const { action, fields } = newApp(page);
    const answer = await visitor.follow(await visitor.post(action, fields));
    spy.mockRestore();
    expect(await authenticators.find('hana')).toBeUndefined();
    expect(answer.html.includes('/sign-in"')).toBe(true);
  });

  test('takes over no address', async () => {
    const { addresses } = server.services.people;
    const account = await server.services.accounts.find('hana');
    if (account === undefined) throw new Error('no account');
    await addresses.ask(account, 'new@example.test');
    const token = tokenIn((await mails(server)).at(-1)?.text, '/account/address/');
    await end();
    expect(await addresses.confirm(token, account)).toBe(false);
    await addresses.ask(account, 'other@example.test');
    expect((await mails(server)).filter(({ to }) => to === 'other@example.test')).toEqual([]);
  });
});
