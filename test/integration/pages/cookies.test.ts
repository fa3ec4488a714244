import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorisationRequest, authorise, demoPassword } from '../../support/visitor.ts';
import { openAccount } from '../account/account.ts';
import { begin, beginSignedIn, visit } from './steps.ts';

const [oldKey, newKey] = ['o'.repeat(43), 'n'.repeat(43)];

let server: TestServer;
let secure: TestNode;
beforeAll(async () => {
  server = await startServer({ COOKIE_KEYS: oldKey });
  secure = await startNode(server, { ISSUER: 'https://auth.example.test', TRUST_PROXY: '127.0.0.1,::1' });
});
afterAll(async () => {
  await secure.close();
  await server.close();
});

const personal = /aroha|Aroha|Ngata|example\.test|%40/;

/** The cookies of an answer, without those that are taken back. */
const setBy = (lines: readonly string[]) => lines.filter((line) => !line.includes('Thu, 01 Jan 1970'));
const named = (lines: readonly string[], name: string) => lines.filter((line) => line.startsWith(name));

describe('SE-01 cookies where the issuer is http (at home, never in production)', () => {
  test('are HttpOnly, SameSite=Lax, signed, of this host and of a narrow path', async () => {
    const { visitor, page, request } = await begin(server);
    const first = await visit(server).get(request.url);
    const lines = setBy(first.headers.getSetCookie());
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; (domain|secure)/i);
      expect(line).not.toMatch(personal);
      const [name = ''] = line.split('=');
      const signature = name.endsWith('.sig') ? name : `${name}.sig`;
      expect(named(lines, `${signature}=`)).toHaveLength(1);
    }
    for (const line of named(lines, 'assent_interaction='))
      expect(line).toMatch(/; path=\/interaction\/[\w-]+;/i);
    for (const line of named(lines, 'assent_resume=')) expect(line).toMatch(/; path=\/auth\/[\w-]+;/i);
    expect(visitor.cookies('/interaction/other')).not.toContainEqual(
      expect.stringMatching(/^assent_interaction/),
    );
    expect(page.status).toBe(200);
  });

  test('the session cookie says nothing about the person, and ends with the browser', async () => {
    const { visitor } = await beginSignedIn(server);
    const cookies = visitor.cookies('/');
    expect(cookies.join()).toMatch(/assent_session=/);
    expect(cookies.join()).not.toMatch(personal);
    // Also where she uses our pages for so long that her session is prolonged.
    const { visitor: reader } = await openAccount(server);
    shiftTime(30 * 60);
    const page = await reader.get('/account');
    shiftTime(0);
    expect([page.status, named(page.headers.getSetCookie(), 'assent_session')]).toEqual([200, []]);
  });
});

/** One step of a browser behind the gateway that ends TLS. */
function step(path: string, { body, cookies = [] }: { body?: string; cookies?: readonly string[] } = {}) {
  return send(secure, {
    method: body === undefined ? 'GET' : 'POST',
    path,
    ...(body === undefined ? {} : { body }),
    headers: {
      Host: 'auth.example.test',
      'X-Forwarded-Proto': 'https',
      Accept: 'text/html',
      Cookie: cookies.map((line) => line.split(';')[0]).join('; '),
      'Content-Type': 'application/x-www-form-urlencoded',
    },
  });
}

const cookiesOf = ({ headers }: Answer) => setBy(headers['set-cookie'] ?? []);

describe('SE-01 cookies where the issuer is https', () => {
  test('are Secure with a prefix that says so; the session has no path or domain to widen', async () => {
    const query = new URL(
      authorisationRequest('https://auth.example.test', { aud: `${server.issuer}/demo/fhir/r4` }).url,
    );
    const started = await step(`${query.pathname}${query.search}`);
    expect(started.status).toBe(303);
    const path = new URL(started.headers.location ?? '', 'https://auth.example.test').pathname;
    const page = await step(path, { cookies: cookiesOf(started) });
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const body = new URLSearchParams({
      csrf,
      identifier: 'aroha@example.test',
      password: demoPassword,
    }).toString();
    const sent = await step(`${path}/sign-in`, { body, cookies: cookiesOf(started) });
    expect(sent.status).toBe(303);
    const resumed = await step(new URL(sent.headers.location ?? '').pathname, {
      cookies: [started, sent].flatMap(cookiesOf),
    });
    const lines = [started, sent, resumed].flatMap(cookiesOf);
    for (const line of lines) {
      expect(line).toMatch(/^__(Host|Secure)-assent_/);
      expect(line).toMatch(/; secure/i);
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; domain/i);
    }
    const session = named(lines, '__Host-assent_session');
    expect(session.length).toBeGreaterThan(0);
    for (const line of session) {
      expect(line).toMatch(/; path=\/;/i);
      expect(line).not.toMatch(/; (expires|max-age)=/i);
    }
    expect(page.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  test('a cookie without the prefix is not looked at', async () => {
    const { visitor } = await authorise(server);
    const parameters = { aud: `${server.issuer}/demo/fhir/r4`, prompt: 'none' };
    const { search } = new URL(authorisationRequest('https://auth.example.test', parameters).url);
    const answer = await step(`/auth${search}`, { cookies: visitor.cookies('/auth') });
    expect(answer.headers.location).toContain('error=login_required');
  });
});

describe('SE-01 keys that sign cookies', () => {
  test.for([
    ['the new key before the old one: still good', `${newKey},${oldKey}`, /[?&]code=/],
    ['only the new key: nobody', newKey, /error=login_required/],
  ] as const)('%s', async ([, keys, expected]) => {
    const { visitor } = await authorise(server, { visitor: visit(server) });
    const { search } = new URL(authorisationRequest(server.issuer, { prompt: 'none' }).url);
    const node = await startNode(server, { COOKIE_KEYS: keys });
    const headers = { Cookie: visitor.cookies('/auth').join('; ') };
    const answer = await send(node, { method: 'GET', path: `/auth${search}`, headers });
    await node.close();
    expect(answer.headers.location).toMatch(expected);
  });

  test('a page that was open when the key was changed says that it is over', async () => {
    const { visitor, page } = await begin(server, { change: { prompt: 'login' } });
    const path = new URL(page.url).pathname;
    const node = await startNode(server, { COOKIE_KEYS: newKey });
    const headers = { Cookie: visitor.cookies(path).join('; '), Accept: 'text/html' };
    const answer = await send(node, { method: 'GET', path, headers });
    await node.close();
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('This page is no longer valid');
  });
});
