import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseRole, clinicalRole, wardChange } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { typeCode } from '../../support/step-up.ts';
import {
  authorisationRequest,
  createVisitor,
  demoPassword,
  formTo,
  type Page,
  type Visitor,
} from '../../support/visitor.ts';

/** A form with a password, or with anybody's decision, is never sent on: what follows a POST is 303 (RFC 9700 section 4.12). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** A browser that writes down what every POST was answered with. */
function watched(): { visitor: Visitor; answers: { path: string; status: number }[] } {
  const answers: { path: string; status: number }[] = [];
  const inner = createVisitor(server.issuer);
  const visitor: Visitor = {
    ...inner,
    async post(url, fields, headers) {
      const page = await inner.post(url, fields, headers);
      const path = new URL(url, server.issuer).pathname.replace(/[\w-]{43}/, '…');
      answers.push({ path, status: page.status });
      return page;
    },
  };
  return { visitor, answers };
}

const typed = (password: string) =>
  [
    ['identifier', 'priya@example.test'],
    ['password', password],
  ] as const;

async function signInWith(visitor: Visitor, page: Page, password: string): Promise<Page> {
  const form = formTo(page, '/sign-in');
  return visitor.follow(await visitor.post(form.action, [...form.fields, ...typed(password)]));
}

test('AZ-04 on the whole way of a practitioner, a wrong password and signing out included', async () => {
  const { visitor, answers } = watched();
  const { parameters } = authorisationRequest(server.issuer, wardChange);
  const first = await visitor.follow(await visitor.post('/auth', Object.entries(parameters)));
  const again = await signInWith(visitor, first, 'wrong');
  expect(again.html).not.toContain('wrong"');
  const roles = await typeCode(visitor, await signInWith(visitor, again, demoPassword));
  const asked = await chooseRole(visitor, roles, clinicalRole);
  const consent = formTo(asked, '/consent');
  const back = await visitor.follow(
    await visitor.post(consent.action, [...consent.fields, ['decision', 'allow']]),
  );
  expect(back.location).toMatch(/^http:\/\/127\.0\.0\.1:8090\/cb\?code=/);
  const out = formTo(await visitor.get('/session/end'), '/session/end/confirm');
  const fields = out.fields.filter(([name]) => name !== 'logout');
  await visitor.follow(await visitor.post(out.action, [...fields, ['logout', 'yes']]));

  expect(answers.map(({ path }) => path)).toEqual([
    '/auth',
    '/interaction/…/sign-in',
    '/interaction/…/sign-in',
    '/interaction/…/code',
    '/interaction/…/role',
    '/interaction/…/consent',
    '/session/end/confirm',
  ]);
  const wrong = answers.filter(({ status }) => status !== 303 && status !== 200);
  expect(wrong).toEqual([]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

describe('AZ-04 a password that is sent to another spelling of its address is not sent on', () => {
  test.for([
    (path: string) => `${path}/`,
    (path: string) => path.toUpperCase(),
    (path: string) => path.replace('/interaction/', '/interaction//'),
    (path: string) => `${path}?next=https://evil.example.test/`,
    (path: string) => path.replace('/interaction/', '/Interaction/'),
    (path: string) => `/.${path}`,
    (path: string) => `/x/..${path}`,
  ])('%s', async (spelling) => {
    const visitor = createVisitor(server.issuer);
    const page = await visitor.follow(await visitor.get(authorisationRequest(server.issuer).url));
    const { action, fields } = formTo(page, '/sign-in');
    const { pathname } = new URL(action, server.issuer);
    const sent = await visitor.post(spelling(pathname), [...fields, ...typed(demoPassword)]);
    expect([307, 308, 301, 302]).not.toContain(sent.status);
    expect(sent.location ?? server.issuer).toMatch(new RegExp(`^${server.issuer}`));
  });
});

test.for([
  '/auth',
  '/auth/',
  '/AUTH',
  '/session/end',
  '/session/end/confirm',
  '/token',
  '/request',
  '/me',
  '/',
  '/demo',
  '/nowhere',
])('AZ-04 a POST to %s is answered there, or by 303', async (path) => {
  const { parameters } = authorisationRequest(server.issuer);
  const page = await createVisitor(server.issuer).post(path, [
    ...Object.entries(parameters),
    ...typed(demoPassword),
  ]);
  expect([301, 302, 307, 308]).not.toContain(page.status);
  expect(page.html).not.toContain(demoPassword);
  // A request by POST goes on as the same request by GET, whatever is in it.
  if (!/^\/(auth|session\/end)\/?$/i.test(path)) expect(page.location ?? '').not.toContain('password');
});
