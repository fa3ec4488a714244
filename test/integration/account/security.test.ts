import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../support/code.ts';
import { createPasskey } from '../../support/passkey.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { createVisitor, demoPassword, formTo, type Page, type Visitor } from '../../support/visitor.ts';
import { openAccount } from './account.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  // Whoever has no app yet proves all she can with her password.
  await server.sql("DELETE FROM authenticators WHERE account_id IN ('aroha', 'hana', 'wiremu')");
});
afterEach(async () => {
  shiftTime(0);
  for (const table of ['passkeys', 'recovery_codes']) await server.sql(`DELETE FROM ${table}`);
});

const security = '/account/security';

/** Sends the form of a page that goes back to its own address, with more fields. */
async function send(
  visitor: Visitor,
  page: Page,
  ending: string,
  fields: readonly (readonly [string, string])[],
): Promise<Page> {
  const form = formTo(page, ending);
  const named = new Set(fields.map(([name]) => name));
  const kept = form.fields.filter(([name]) => !named.has(name));
  return visitor.follow(await visitor.post(form.action, [...kept, ...fields]));
}

const textOf = (html: string) => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

const auditTypes = async (account: string) =>
  (
    await server.sql<{ type: string }>('SELECT type FROM audit_events WHERE subject = $1 ORDER BY at', [
      account,
    ])
  ).map(({ type }) => type);

/** Options of the page, as the page's script reads them. */
function optionsOf(page: Page): { challenge: string; user: { id: string } } {
  const options = /data-options="([^"]*)"/.exec(page.html)?.[1] ?? '';
  return JSON.parse(options.replaceAll('&quot;', '"'));
}

describe('changing the password', () => {
  test('asks for the one before, and the new one signs in', async () => {
    const { visitor, page } = await openAccount(server, {
      path: `${security}/password`,
      identifier: 'hana@example.test',
    });
    const [wrong, next] = ['not the one', 'tūī sings at dusk'];
    const type = (current: string, one: string, again = one) =>
      send(visitor, page, '/password', [
        ['current', current],
        ['next', one],
        ['again', again],
      ]);
    expect((await type('', next)).html).toContain('Enter your password and a new one');
    expect((await type(demoPassword, next, 'tui')).html).toContain('in both places');
    expect((await type(wrong, next)).html).toContain('That is not your password');
    expect((await type(demoPassword, 'password1')).html).toContain('Many people know this password');
    const done = await type(demoPassword, next);
    expect([done.url, done.html.includes('Your password was changed.')]).toEqual([
      `${server.issuer}${security}`,
      true,
    ]);
    expect(await auditTypes('hana')).toContain('account.password-changed');
    expect(await server.services.accounts.signIn('hana@example.test', next)).toBeDefined();
    await server.services.credentials.changePassword('hana', next, 'a third one at noon');
  });

  test('signs her out everywhere else, unless she wants to stay', async () => {
    const identifier = 'wiremu@example.test';
    const there = await openAccount(server, { identifier });
    const here = await openAccount(server, { path: `${security}/password`, identifier });
    const isIn = async (visitor: Visitor) => (await visitor.get('/account')).status === 200;
    const change = async (
      current: string,
      next: string,
      elsewhere: readonly (readonly [string, string])[],
    ) => {
      const form = formTo(here.page, '/password');
      const csrf = form.fields.filter(([name]) => name === 'csrf');
      const typed = [
        ['current', current],
        ['next', next],
        ['again', next],
      ] as const;
      await here.visitor.post(form.action, [...csrf, ...typed, ...elsewhere]);
    };
    expect(formTo(here.page, '/password').fields).toContainEqual(['elsewhere', 'yes']);
    await change(demoPassword, 'tūī sings at dusk', []);
    expect([await isIn(here.visitor), await isIn(there.visitor)]).toEqual([true, true]);
    await change('tūī sings at dusk', 'a third one at noon', [['elsewhere', 'yes']]);
    expect([await isIn(here.visitor), await isIn(there.visitor)]).toEqual([true, false]);
  });

  test('is no page for somebody who has none, because she signs in elsewhere', async () => {
    const { visitor } = await openAccount(server);
    const [before] = await server.sql<{ password_hash: string }>(
      "SELECT password_hash FROM accounts WHERE id = 'aroha'",
    );
    await server.sql("UPDATE accounts SET password_hash = NULL WHERE id = 'aroha'");
    expect((await visitor.get(`${security}/password`)).status).toBe(404);
    expect((await visitor.get(security)).html).toContain('You have no password here.');
    await server.sql("UPDATE accounts SET password_hash = $1 WHERE id = 'aroha'", [before?.password_hash]);
  });

  test('LO-01 gives nobody who finds an open browser as many guesses as she likes', async () => {
    const { visitor, page } = await openAccount(server, { path: `${security}/password` });
    const answers: Page[] = [];
    for (const guess of ['one', 'two', 'three', 'four', demoPassword])
      answers.push(
        await send(visitor, page, '/password', [
          ['current', guess],
          ['next', 'tūī sings at dusk'],
          ['again', 'tūī sings at dusk'],
        ]),
      );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(answers.at(-1)?.html).toContain('There were too many tries');
    shiftTime(31);
  });
});

describe('passkeys', () => {
  const open = (path = `${security}/passkeys/new`) => openAccount(server, { path });

  async function add(visitor: Visitor, page: Page, name = 'My phone') {
    const passkey = createPasskey({ issuer: server.issuer });
    const response = JSON.stringify(passkey.create(optionsOf(page)));
    const fields = [['name', name] as const, ['response', response] as const];
    return { passkey, response, after: await send(visitor, page, '/passkeys/new', fields) };
  }

  test('one is added, and listed by its name', async () => {
    const { visitor, page } = await open();
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const { after } = await add(visitor, page);
    expect(after.url).toBe(`${server.issuer}${security}`);
    expect(after.headers.get('content-security-policy')).toContain("script-src 'none'");
    expect(textOf(after.html)).toContain('Your passkey was added.');
    expect(textOf(after.html)).toMatch(/My phone Added on .* Not used yet\./);
    expect(await auditTypes('aroha')).toContain('account.passkey-added');
  });

  test('the same answer adds none a second time, and none without a name or from elsewhere', async () => {
    const { visitor, page } = await open();
    const { response } = await add(visitor, page, ' ');
    const again = (name: string) =>
      send(visitor, page, '/passkeys/new', [
        ['name', name],
        ['response', response],
      ]);
    expect((await again('One')).html).toContain('was added');
    expect((await again('Two')).html).not.toContain('was added');
    expect(await server.services.credentials.passkeys.list('aroha')).toMatchObject([{ name: 'One' }]);
  });

  test('the challenge of one browser is none in another', async () => {
    const [one, other] = [await open(), await open()];
    const passkey = createPasskey({ issuer: server.issuer });
    const response = JSON.stringify(passkey.create(optionsOf(one.page)));
    const after = await send(other.visitor, other.page, '/passkeys/new', [
      ['name', 'Mine'],
      ['response', response],
    ]);
    expect(after.html).toContain('We could not add that passkey');
  });
});

describe('somebody else’s passkey', () => {
  test('is not to be found, named or removed', async () => {
    const passkey = createPasskey({ issuer: server.issuer });
    const { passkeys } = server.services.credentials;
    const hana = await server.services.accounts.find('hana');
    if (hana === undefined) throw new Error('hana has no account');
    const made = passkey.create(await passkeys.creationOptions(hana, 'page'));
    await passkeys.add(hana, { page: 'page', response: JSON.stringify(made), name: 'Hers' });
    const { visitor, page } = await openAccount(server, { path: `${security}/password` });
    const csrf = formTo(page, '/password').fields;
    const path = `${security}/passkeys/${passkey.id}`;
    expect((await visitor.get(path)).status).toBe(404);
    for (const decision of ['rename', 'remove']) {
      const answer = await visitor.post(path, [...csrf, ['decision', decision], ['name', 'Mine']]);
      expect(answer.status).toBe(404);
    }
    expect(await passkeys.list('hana')).toMatchObject([{ name: 'Hers' }]);
  });
});

describe('an authenticator app', () => {
  test('is added with its first code, and asked for always from then on', async () => {
    const { visitor, page } = await openAccount(server, { path: `${security}/authenticator` });
    const key = /assent-code">([A-Z2-7 ]+)</.exec(page.html)?.[1]?.replaceAll(' ', '') ?? '';
    expect(page.html).toMatch(/<svg class="assent-qr" viewBox="0 0 \d+ \d+"/);
    const wrong = await send(visitor, page, '/authenticator', [['code', '000000']]);
    expect(wrong.html).toContain('That code is not right');
    expect(wrong.html.replaceAll(' ', '')).toContain(key);
    await send(visitor, wrong, '/authenticator', [['code', codeOf(key)]]);
    expect(await auditTypes('aroha')).toContain('account.authenticator-added');
    expect(await server.services.credentials.authenticators.find('aroha')).toMatchObject({ always: true });
  });
});

describe('whoever', () => {
  const paths = ['password', 'passkeys/new', 'authenticator', 'recovery-codes'];

  test.each(paths)('is not signed in comes to sign in at %s', async (path) => {
    const { visitor } = await openAccount(server);
    const stranger = await createVisitor(server.issuer).get(`${security}/${path}`);
    expect(stranger.location).toContain('/auth?');
    shiftTime(301);
    expect((await visitor.get(`${security}/${path}`)).location).toContain('max_age=300');
  });

  test.each(paths)('sends a form to %s from elsewhere changes nothing', async (path) => {
    const { visitor } = await openAccount(server, { path: `${security}/password` });
    const answer = await visitor.post(`${security}/${path}`, [['decision', 'remove']]);
    expect(answer.status).toBe(403);
    const foreign = await visitor.post(`${security}/${path}`, [], {
      'Sec-Fetch-Site': 'cross-site',
      Origin: 'https://evil.example.test',
    });
    expect(foreign.status).toBe(403);
  });
});

test.each(['%00', '%E0%A4%A', '%ff', '..%2fpassword', 'x'.repeat(3000), '%F0%9F%98%80'])(
  'a passkey called %s is not to be found, and nothing breaks',
  async (id) => {
    const { visitor } = await openAccount(server, { path: `${security}/password` });
    const answer = await visitor.get(`${security}/passkeys/${id}`);
    expect([400, 404]).toContain(answer.status);
  },
);

test('IN-04 no password, key or code is in the audit or in the log', async () => {
  const { visitor, page } = await openAccount(server, { path: `${security}/authenticator` });
  const key = /assent-code">([A-Z2-7 ]+)</.exec(page.html)?.[1]?.replaceAll(' ', '') ?? 'no key';
  const code = codeOf(key);
  await send(visitor, page, '/authenticator', [['code', code]]);
  const codes = await server.services.credentials.recoveryCodes.make('aroha');
  await server.services.credentials.recoveryCodes.use('aroha', codes[0] ?? '');
  const kept = JSON.stringify([await server.sql('SELECT * FROM audit_events'), server.logLines]);
  const secrets = ['tūī sings at dusk', 'a third one at noon', demoPassword, key, ...codes];
  for (const secret of secrets) expect(kept, secret).not.toContain(secret);
});
