import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, formTo, type Page, type PageForm, type Visitor } from '../../support/visitor.ts';
import { begin, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

async function question(): Promise<{ visitor: Visitor; page: Page; form: PageForm }> {
  const { visitor } = await authorise(server, { visitor: visit(server) });
  const page = await visitor.get(`${server.issuer}/session/end`);
  return { visitor, page, form: formTo(page, '/session/end/confirm') };
}

async function isSignedIn(visitor: Visitor): Promise<boolean> {
  const { page } = await begin(server, { visitor, change: { prompt: 'none' } });
  return responseOf(page).has('code');
}

const yes = ['logout', 'yes'] as const;

describe('SE-03 sign-out', () => {
  test.for<[string, readonly (readonly [string, string])[]]>([
    ['without the token', [yes]],
    ['with an empty token', [['xsrf', ''], yes]],
    ['with a wrong token', [['xsrf', 'A'.repeat(43)], yes]],
    ['with the token twice', [['xsrf', 'A'.repeat(43)], ['xsrf', 'A'.repeat(43)], yes]],
  ])('%s: 400, and the person stays signed in', async ([, fields]) => {
    const { visitor, form } = await question();
    const answer = await visitor.post(form.action, fields);
    expect(answer).toMatchObject({ status: 400, location: undefined });
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('with the token of another browser: 400', async () => {
    const other = await question();
    const { visitor, form } = await question();
    expect(await visitor.post(form.action, [...other.form.fields, yes])).toMatchObject({ status: 400 });
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test.for<[string, Record<string, string>]>([
    ['cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a sister domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['from a foreign Origin', { 'Sec-Fetch-Site': '', Origin: 'https://evil.example' }],
    ['from the Origin null', { 'Sec-Fetch-Site': '', Origin: 'null' }],
  ])('%s, with the right token: refused, and the person stays signed in', async ([, headers]) => {
    const { visitor, form } = await question();
    const answer = await visitor.post(form.action, [...form.fields, yes], headers);
    expect([400, 403]).toContain(answer.status);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test.for<[string, Record<string, string>]>([
    ['a browser of today', {}],
    ['a browser that only says Origin', { 'Sec-Fetch-Site': '' }],
    ['a browser that says neither', { 'Sec-Fetch-Site': '', Origin: '' }],
  ])('%s is signed out', async ([, headers]) => {
    const { visitor, form } = await question();
    expect(await visitor.post(form.action, [...form.fields, yes], headers)).toMatchObject({ status: 303 });
    expect(await isSignedIn(visitor)).toBe(false);
  });
});
