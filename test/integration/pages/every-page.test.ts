import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor, formTo, type Page, signIn, type Visitor } from '../../support/visitor.ts';
import { answerSignOut, endSession, signedIn, signOut } from './leaving.ts';
import { begin, beginSignedIn, expectGuarded, press } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const change = { prompt: 'consent' };
const visitor = (): Visitor => createVisitor(server.issuer);

/** Every kind of page that a person can come to, with the status that it has. */
const pages: Readonly<Record<string, [number, () => Promise<Page>]>> = {
  'the first page': [200, () => visitor().get(`${server.issuer}/`)],
  'sign-in': [200, async () => (await begin(server)).page],
  'sign-in with a problem': [
    200,
    async () => {
      const begun = await begin(server);
      return signIn(begun.visitor, begun.page, { password: 'wrong' });
    },
  ],
  consent: [200, async () => (await beginSignedIn(server, { change })).page],
  'consent with a problem': [
    200,
    async () => {
      const { visitor: person, page } = await beginSignedIn(server, { change });
      const { fields } = formTo(page, '/consent');
      return press(
        person,
        page,
        'allow',
        fields.filter(([, value]) => !value.startsWith('patient/')),
      );
    },
  ],
  'no record': [200, async () => (await beginSignedIn(server, { identifier: 'dev@kete.example' })).page],
  'another person was signed in': [
    200,
    async () => {
      const aroha = await signedIn(server);
      const { page } = await begin(server, { visitor: aroha.visitor, change: { prompt: 'login' } });
      return signIn(aroha.visitor, page, { identifier: 'hana@example.test' });
    },
  ],
  'sign out?': [200, async () => endSession(server, (await signedIn(server)).visitor)],
  'signed out': [
    200,
    async () => {
      const { visitor: person } = await signedIn(server);
      return person.follow(await answerSignOut(person, await endSession(server, person), 'out'));
    },
  ],
  'signed out, nobody was there': [200, () => endSession(server, visitor())],
  'continue to the application': [
    200,
    () => {
      const back = { client_id: 'kete-web', post_logout_redirect_uri: 'http://127.0.0.1:8090/' };
      return endSession(server, visitor(), back);
    },
  ],
  'a page that is over': [
    400,
    async () => {
      const { visitor: person, page } = await beginSignedIn(server, { change });
      await signOut(server, person);
      return person.get(page.url);
    },
  ],
  'a way back that is over': [400, () => visitor().get(`${server.issuer}/auth/nothing`)],
  'a form of somebody else': [
    403,
    async () => {
      const { visitor: person, page } = await begin(server);
      return person.post(formTo(page, '/sign-in').action, []);
    },
  ],
  'a form that is too large': [
    413,
    async () => {
      const { visitor: person, page } = await begin(server);
      return person.post(formTo(page, '/sign-in').action, [['x', 'x'.repeat(20_000)]]);
    },
  ],
  'a request that is none': [400, () => visitor().get(`${server.issuer}/auth`)],
  'an unknown application': [400, () => visitor().get(`${server.issuer}/auth?client_id=nobody`)],
  'an address that is not registered': [
    400,
    async () => (await begin(server, { change: { redirect_uri: 'https://evil.example/' } })).page,
  ],
  'a sign-out that cannot be': [400, () => endSession(server, visitor(), { id_token_hint: 'nonsense' })],
  'no page at all': [404, () => visitor().get(`${server.issuer}/nowhere`)],
  'no page at all of ours': [404, () => visitor().get(`${server.issuer}/interaction/a/b/c`)],
};

describe.for(Object.entries(pages))('CO-01 SE-04 AD-03 %s', ([, [status, open]]) => {
  test('cannot be framed, runs no script, is not stored, and says where a person stands', async () => {
    const page = await open();
    expect(page.status).toBe(status);
    expect(page.headers.get('content-type')).toMatch(/^text\/html; charset=utf-8$/i);
    expectGuarded(page);
    expect(page.html).toMatch(/<html lang="en" dir="ltr">/);
    expect(page.html).toMatch(/<title>[^<]+ – Assent<\/title>|<title>Assent – /);
    expect(page.html.match(/<h1[\s>]/g)).toHaveLength(1);
    expect(page.html).not.toMatch(/node_modules|src\/|\.ts:\d|Error: [a-z]+Error|undefined|\[object/);
  });
});
