import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, form, rawBasic, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { allow, authorisationRequest, createVisitor, type Page, signIn } from '../../support/visitor.ts';
import { expectPage } from './answers.ts';
import { addressOf, push } from './pushing.ts';

/** References to pushed requests that do not hold, and requests that are not taken (RFC 9126 sections 2.3 and 7.3). */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

const open = (url: string, visitor = createVisitor(issuer)) => visitor.get(url);

/** Refused without a code, on a page or at the address of the client: which of them it is, RFC 9126 leaves open. */
function expectRefused(page: Page): void {
  if (page.status === 400) expectPage(page, 'invalid_request_uri');
  else {
    const location = new URL(page.location ?? 'about:blank');
    expect(location.href).toMatch(/^http:\/\/127\.0\.0\.1:8090\/cb\?/);
    expect(location.searchParams.get('error')).toMatch(/^invalid_request(_uri)?$/);
    expect(location.searchParams.has('code')).toBe(false);
  }
}

describe('a reference', () => {
  test('is used up when its request was answered with a code', async () => {
    const { url } = await push(server);
    const visitor = createVisitor(issuer);
    let page = await signIn(visitor, await visitor.follow(await visitor.get(url)));
    if (page.html.includes('/consent"')) page = await allow(visitor, page);
    expect(page.location).toMatch(/\?code=/);
    expectRefused(await visitor.get(url));
    expectRefused(await open(url));
  });

  test('gives one code when it is opened in two tabs', async () => {
    const { url } = await push(server);
    const visitor = createVisitor(issuer);
    const first = await visitor.follow(await visitor.get(url));
    const other = createVisitor(issuer);
    const second = await other.follow(await other.get(url));
    const finish = async (browser: typeof visitor, page: Page) => {
      const next = await signIn(browser, page);
      return next.html.includes('/consent"') ? allow(browser, next) : next;
    };
    expect((await finish(visitor, first)).location).toMatch(/\?code=/);
    expectRefused(await finish(other, second));
  });

  test('ends after a minute', async () => {
    const { url } = await push(server);
    shiftTime(80);
    expectRefused(await open(url).finally(() => shiftTime(0)));
  });

  test('lives most of a minute', async () => {
    const { url } = await push(server);
    shiftTime(50);
    const page = await open(url).finally(() => shiftTime(0));
    expect(page.location).toContain('/interaction/');
  });

  test('of another client is refused, and can still be used by its own', async () => {
    const { body, url } = await push(server);
    const page = await open(addressOf(issuer, String(body.request_uri), 'kete-spa'));
    expect(page.status).toBe(400);
    expect(page.location).toBeUndefined();
    expect((await open(url)).location).toContain('/interaction/');
  });

  test.for([
    ['that nobody pushed', 'urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['without an end', 'urn:ietf:params:oauth:request_uri:'],
    ['of garbage', "urn:ietf:params:oauth:request_uri:' OR 1=1 --"],
    ['without measure', `urn:ietf:params:oauth:request_uri:${'x'.repeat(5000)}`],
    ['in capitals', 'URN:IETF:PARAMS:OAUTH:REQUEST_URI:x'],
    ['of another kind', 'urn:example:x'],
  ] as const)('%s is refused on a page', async ([, requestUri]) => {
    const page = await open(addressOf(issuer, requestUri));
    expect(page).toMatchObject({ status: 400, location: undefined });
    expect(page.html).toMatch(/invalid_request_uri|request_uri_not_supported/);
  });
});

describe('CA-01 AZ-03 a push is refused', () => {
  const request = (clientId = 'kete-web') =>
    form(authorisationRequest(issuer, { client_id: clientId }).parameters);
  const as = (authorization: object, sent: Sent = request()): Sent => ({
    ...sent,
    headers: { ...sent.headers, ...authorization },
  });
  const good = basic('kete-web', 'demo-secret-kete-web');

  const refusals: readonly (readonly [string, () => Sent, number, string])[] = [
    ['with a wrong secret', () => as(basic('kete-web', 'wrong')), 401, 'invalid_client'],
    ['of an unknown client', () => as(basic('nobody', 'wrong'), request('nobody')), 401, 'invalid_client'],
    ['with credentials that cannot be read', () => as(rawBasic('no colon')), 400, 'invalid_request'],
    ['of a confidential client that only names itself', () => request(), 401, 'invalid_client'],
    [
      'with the secret in the body',
      () => form({ ...authorisationRequest(issuer).parameters, client_secret: 'demo-secret-kete-web' }),
      401,
      'invalid_client',
    ],
    [
      'of another client than the one that proved who it is',
      () => as(good, form(authorisationRequest(issuer, { client_id: 'kete-spa' }).parameters)),
      400,
      'invalid_request',
    ],
    [
      'with U+0000 in it',
      () => as(good, form([...Object.entries(authorisationRequest(issuer).parameters), ['nonce', '\0']])),
      400,
      'invalid_request',
    ],
    [
      'of JSON',
      () => ({ headers: { ...good, 'Content-Type': 'application/json' }, body: '{}' }),
      400,
      'invalid_request',
    ],
    ['that is too long', () => as(good, form({ x: 'y'.repeat(70_000) })), 400, 'invalid_request'],
    ['with nothing in it', () => as(good, form([])), 400, 'invalid_request'],
  ];

  test.for(refusals)('%s', async ([, make, status, error]) => {
    const answer = await send(server, { ...make(), path: '/request' });
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    expect({ status: answer.status, ...body }).toMatchObject({ status, error });
    expect(body).not.toHaveProperty('request_uri');
    expect(answer.headers['cache-control']).toContain('no-store');
    expect(answer.headers['content-type']).toMatch(/^application\/json\b/);
  });

  test('in the same words for a wrong secret and an unknown client', async () => {
    const [first, second] = await Promise.all(
      ['kete-web', 'nobody'].map((clientId) =>
        send(server, { ...as(basic(clientId, 'wrong'), request(clientId)), path: '/request' }),
      ),
    );
    expect([first?.status, first?.body]).toEqual([second?.status, second?.body]);
  });

  test.for(['form_post', 'web_message', 'jwt'])('with the response mode %s', async (mode) => {
    const { status, body } = await push(server, { response_mode: mode });
    expect(status).toBe(400);
    expect(['invalid_request', 'unsupported_response_mode']).toContain(body.error);
  });

  test.for(['state', 'redirect_uri', 'scope', 'client_id', 'response_type'])(
    'with two values of %s',
    async (name) => {
      const { parameters } = authorisationRequest(issuer);
      const { status, body } = await push(server, {}, { more: [[name, parameters[name] ?? '']] });
      expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_request' });
    },
  );
});
