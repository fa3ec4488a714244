import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, createVisitor, type Page } from '../../support/visitor.ts';
import { type Change, expectAsked, expectPage, expectRedirect, state } from './answers.ts';

/** The request by POST (SMART `authorize-post`): a 303 to the same request by GET, which decides. */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

type Pairs = readonly (readonly [string, string])[];

const parametersOf = (change: Change = {}) =>
  Object.entries(authorisationRequest(issuer, { state, ...change }).parameters);

/** Sends the form as the page of an application on another site would. */
const post = (pairs: Pairs): Promise<Page> =>
  createVisitor(issuer).post('/auth', pairs, {
    Origin: 'https://app.example.test',
    'Sec-Fetch-Site': 'cross-site',
  });

const follow = (page: Page): Promise<Page> => createVisitor(issuer).get(page.location ?? '');

const queryOf = ({ location }: Page) => [...new URL(location ?? 'about:blank').searchParams];

describe('a request by POST', () => {
  test('goes on by GET with the same parameters, in their order', async () => {
    const pairs = parametersOf();
    const page = await post(pairs);
    expect(page.status).toBe(303);
    expect(page.location).toMatch(new RegExp(`^${issuer}/auth\\?`));
    expect(queryOf(page)).toEqual(pairs);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.getSetCookie()).toEqual([]);
    expectAsked(await follow(page), issuer);
  });

  test('keeps parameters that stand there twice, which are then refused', async () => {
    const pairs: Pairs = [...parametersOf(), ['scope', 'openid']];
    const page = await post(pairs);
    expect(queryOf(page)).toEqual(pairs);
    expectRedirect(await follow(page), { issuer, error: 'invalid_request', state });
  });

  test('keeps an empty parameter, and one that nobody knows', async () => {
    const pairs: Pairs = [...parametersOf(), ['nonce', ''], ['colour', 'green & blue']];
    const page = await post(pairs);
    expect(queryOf(page)).toEqual(pairs);
    expectAsked(await follow(page), issuer);
  });

  test.for<[string, Change, string]>([
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ['no client', { client_id: undefined }, 'invalid_request'],
    [
      'an address that is not registered',
      { redirect_uri: 'https://evil.example.test/' },
      'invalid_redirect_uri',
    ],
    ['form_post', { response_mode: 'form_post' }, 'invalid_request'],
  ])('with %s ends on a page', async ([, change, error]) => {
    expectPage(await follow(await post(parametersOf(change))), error);
  });

  test.for<[string, Change, string]>([
    ['a scope that the client may not have', { scope: 'system/*.rs' }, 'invalid_scope'],
    ['no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['prompt=none and nobody there', { prompt: 'none' }, 'login_required'],
  ])('with %s goes back to the application', async ([, change, error]) => {
    expectRedirect(await follow(await post(parametersOf(change))), { issuer, error, state });
  });

  test('does not take parameters from its own address', async () => {
    const good = new URLSearchParams(parametersOf());
    const path = `/auth?${good}`;
    const answer = await send(server, { ...form([['client_id', 'nobody']]), path });
    expect(answer.headers.location).toMatch(/^\/auth\?client_id=nobody$/);
    expectPage(await createVisitor(issuer).post(path, []), 'invalid_request');
  });
});

describe('a POST that is no request', () => {
  const html = { Accept: 'text/html' };

  /** Everything before the answer of `send` is looked at as a page. */
  const asPage = ({ status, headers, body }: Answer): Page => ({
    status,
    url: '/auth',
    location: headers.location,
    headers: new Headers(
      Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    ),
    html: body,
  });

  const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };

  const bad: readonly (readonly [string, () => Sent])[] = [
    ['with nothing in it', () => form([], html)],
    ['with U+0000 in a value', () => form([...parametersOf(), ['nonce', '\0']], html)],
    ['with U+0000 in a name', () => form([...parametersOf(), ['no\0nce', 'x']], html)],
    [
      'of JSON',
      () => ({ headers: { ...html, 'Content-Type': 'application/json' }, body: '{"client_id":"kete-web"}' }),
    ],
    [
      'of several parts',
      () => ({ headers: { ...html, 'Content-Type': 'multipart/form-data; boundary=x' }, body: 'x' }),
    ],
    [
      'of plain text',
      () => ({ headers: { ...html, 'Content-Type': 'text/plain' }, body: 'client_id=kete-web' }),
    ],
    ['of no type', () => ({ headers: html, body: 'client_id=kete-web' })],
    ['that is too long', () => form([...parametersOf(), ['x', 'y'.repeat(9000)]], html)],
    ['that is far too long', () => form([...parametersOf(), ['x', 'y'.repeat(2_000_000)]], html)],
    [
      'that is too long and does not say so',
      () => ({ ...form([['x', 'y'.repeat(70_000)]], html), chunked: true }),
    ],
    [
      'of ten thousand parameters',
      () =>
        form(
          Array.from({ length: 10_000 }, () => ['a', 'b'] as const),
          html,
        ),
    ],
    [
      'that says it is packed',
      () => ({ headers: { ...html, ...urlencoded, 'Content-Encoding': 'gzip' }, body: 'a=b' }),
    ],
  ];

  test.for(bad)('%s ends on a page', async ([, make]) => {
    expectPage(asPage(await send(server, { ...make(), path: '/auth' })), 'invalid_request');
  });

  test.for(bad)('%s is answered in JSON where that is asked for', async ([, make]) => {
    const sent = make();
    const answer = await send(server, {
      ...sent,
      path: '/auth',
      headers: { ...sent.headers, Accept: 'application/json' },
    });
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
    expect(JSON.parse(answer.body)).toEqual({
      error: 'invalid_request',
      error_description: expect.any(String),
    });
    expect(answer.headers.location).toBeUndefined();
  });
});

test.for(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is no way to ask', async (method) => {
  const query = new URLSearchParams(parametersOf());
  const answer = await send(server, { method, path: `/auth?${query}` });
  expect([404, 405]).toContain(answer.status);
  expect(answer.headers.location).toBeUndefined();
});
