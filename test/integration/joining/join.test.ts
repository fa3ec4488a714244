import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor } from '../../support/visitor.ts';
import { forgetPeople, goodPassword, mails, ngaio, tokenIn } from '../accounts/people.ts';
import { headingOf, openAndSend, send, textOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => server?.close());
afterEach(() => forgetPeople(server));

const invite = async () => (await server.services.people.invitations.invite(ngaio)).code;
const fields = { email: ngaio.email, password: goodPassword, again: goodPassword };

describe('an invitation', () => {
  test('is found by the code as it was typed, and makes an account that signs in', async () => {
    const code = await invite();
    const visitor = createVisitor(server.issuer);
    const typed = code.toLowerCase().replaceAll('-', ' ');
    const led = await send(visitor, await visitor.get('/account/join'), '/account/join', { code: typed });
    expect(led.status).toBe(303);
    const page = await visitor.follow(led);
    expect(textOf(page)).toContain('Hello Ngaio Reweti.');
    expect(page.html).toContain(`value="${ngaio.email}"`);
    const joined = await send(visitor, page, new URL(led.location ?? '').pathname, fields);
    expect([joined.status, headingOf(joined)]).toEqual([200, 'Your account is ready']);
    expect(await server.services.accounts.signIn(ngaio.email, goodPassword)).toMatchObject({
      name: ngaio.name,
    });
  });

  test('is only looked at by whoever opens the link, and used once by many who send the form', async () => {
    const code = await invite();
    const path = `/account/join/${code}`;
    const visitor = createVisitor(server.issuer);
    for (let count = 0; count < 3; count += 1) expect((await visitor.get(path)).status).toBe(200);
    const form = await visitor.get(path);
    const pages = await Promise.all(Array.from({ length: 5 }, () => send(visitor, form, path, fields)));
    const headings = pages.map(headingOf).toSorted();
    expect(headings).toEqual([
      ...Array.from({ length: 4 }, () => 'This link does not work any more'),
      'Your account is ready',
    ]);
    expect((await visitor.get(path)).status).toBe(400);
  });

  test.for(['', 'ABCDE-ABCDE-ABCDE-ABCDE-ABCDEF', "x'; DROP TABLE accounts; --", '../../etc/passwd'])(
    'is not found by %j',
    async (code) => {
      const page = await openAndSend(server, '/account/join', { code });
      expect([page.status, headingOf(page)]).toEqual([200, 'Take up your invitation']);
      expect(page.html).toContain('There is a problem');
    },
  );

  test.for([
    [{ email: 'ngaio' }, 'Type an email address'],
    [{ email: 'ngaio@example.test\r\nBcc: tom@example.test' }, 'Type an email address'],
    [{ password: '' }, 'Choose a password'],
    [{ again: 'something else' }, 'in both places'],
    [{ password: 'tui', again: 'tui' }, '8'],
  ] as const)('with %o stays open, and says what is wrong', async ([change, said]) => {
    const code = await invite();
    const page = await openAndSend(server, `/account/join/${code}`, { ...fields, ...change });
    expect([page.status, headingOf(page)]).toEqual([200, 'Make your account']);
    expect(page.html).toContain('There is a problem');
    expect(textOf(page)).toContain(said);
    expect(page.html).not.toContain(goodPassword);
    expect(await server.services.people.invitations.find(code)).toBeDefined();
  });

  test('cannot be taken up from another site, nor with the form of another invitation', async () => {
    const [code, other] = [await invite(), await invite()];
    const visitor = createVisitor(server.issuer);
    const page = await visitor.get(`/account/join/${other}`);
    const token = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    const post = (headers: Record<string, string>) =>
      visitor.post(`/account/join/${code}`, [...Object.entries(fields), ['csrf', token]], headers);
    expect((await post({})).status).toBe(403);
    expect((await post({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(await server.services.people.invitations.find(code)).toBeDefined();
  });
});

describe('an address that another account has', () => {
  test('gives the page that any other address gives, letter for letter', async () => {
    const [one, other] = [await invite(), await invite()];
    const free = await openAndSend(server, `/account/join/${one}`, {
      ...fields,
      email: 'nobody@example.test',
    });
    const taken = await openAndSend(server, `/account/join/${other}`, {
      ...fields,
      email: 'hana@example.test',
    });
    expect(headingOf(free)).toBe('Look for our email');
    expect(taken.status).toBe(free.status);
    expect(taken.html.replaceAll('hana@', 'nobody@')).toBe(free.html);
    expect([...taken.headers.keys()]).toEqual([...free.headers.keys()]);
    const kinds = (await mails(server)).map(({ kind, to }) => [kind, to]);
    expect(kinds).toContainEqual(['addressChosen', 'nobody@example.test']);
    expect(kinds).toContainEqual(['addressTaken', 'hana@example.test']);
    for (const code of [one, other])
      expect(await server.services.people.invitations.find(code)).toMatchObject({ email: ngaio.email });
  });
});

describe('a contact address', () => {
  test('is verified by the link that was mailed when the account was made, signed in', async () => {
    await openAndSend(server, `/account/join/${await invite()}`, fields);
    const token = tokenIn((await mails(server)).at(-1)?.text, '/account/address/');
    expect(token).not.toBe('');
  });
});

describe('the outbox of the demonstration', () => {
  test('shows each mail, the newest first, with a link that can be opened and a banner', async () => {
    const code = await invite();
    await server.services.mail.send({
      kind: 'test',
      accountId: undefined,
      to: 'aroha@example.test',
      subject: '<b>Later</b>',
      text: 'See https://elsewhere.example.test/ and <script>alert(1)</script>',
    });
    const page = await createVisitor(server.issuer).get('/demo/outbox');
    expect(textOf(page)).toContain('This is a demonstration without a mail server');
    expect(page.html).toContain(`<a href="/account/join/${code}"`);
    expect(page.html).toContain('&lt;b&gt;Later&lt;/b&gt;');
    expect(page.html).not.toMatch(/<script>alert|href="https:\/\/elsewhere/);
    expect(page.html.indexOf('Later')).toBeLessThan(page.html.indexOf('Your invitation'));
    expect((await createVisitor(server.issuer).get('/demo')).html).toContain('href="/demo/outbox"');
  });
});
