import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  allow,
  createVisitor,
  exchange,
  exchangeForm,
  type Page,
  signIn,
  type TokenAnswer,
  usualScope,
} from '../../support/visitor.ts';
import { ask, expectAsked, expectPage, expectRedirect, state } from './answers.ts';
import { addressOf, type Pushed, push } from './pushing.ts';

/** Pushed authorisation requests (RFC 9126): the same as any other, sent ahead by the client itself. */

const spa = { client_id: 'kete-spa', redirect_uri: 'http://127.0.0.1:8090/app.html' };

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const shared = {
    grant_types: ['authorization_code'],
    redirect_uris: ['https://app.example.test/cb'],
    require_pushed_authorization_requests: true,
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(
    server,
    { ...shared, client_id: 'only-pushed', client_secret: 'secret-of-the-one-that-pushes' },
    { ...shared, client_id: 'only-pushed-page', token_endpoint_auth_method: 'none' },
  );
});

afterAll(() => server.close());

/** Opens a pushed request in a browser, and signs in and allows where that is asked. */
async function complete(
  { url, request }: Pushed,
  visitor = createVisitor(issuer),
): Promise<Authorised & { page: Page }> {
  let page = await visitor.follow(await visitor.get(url));
  if (page.html.includes('/sign-in"')) page = await signIn(visitor, page);
  if (page.html.includes('/consent"')) page = await allow(visitor, page);
  const response = new URL(page.location ?? 'about:blank').searchParams;
  const { verifier, parameters } = request;
  const code = response.get('code') ?? '';
  return { page, code, verifier, redirectUri: parameters.redirect_uri ?? '', visitor, response };
}

describe('a pushed request', () => {
  test('is answered with a reference that nobody can guess and that lives a minute', async () => {
    const { status, body, headers } = await push(server, { state });
    expect(status).toBe(201);
    expect(body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/),
      expires_in: 60,
    });
    expect(headers['cache-control']).toContain('no-store');
  });

  test('of a confidential client is carried out as it was pushed', async () => {
    const authorised = await complete(await push(server, { state }));
    expect([authorised.response.get('state'), authorised.response.get('iss')]).toEqual([state, issuer]);
    const tokens = await exchange(server, authorised);
    expect(tokens).toMatchObject({
      scope: usualScope,
      patient: 'p-aroha',
      refresh_token: expect.any(String),
    });
  });

  test('of a public client is carried out as it was pushed', async () => {
    const pushed = await push(server, { ...spa, state }, { credentials: 'none' });
    expect(pushed.status).toBe(201);
    const authorised = await complete(pushed);
    const answer = await server.token({ ...exchangeForm(authorised), client_id: 'kete-spa' });
    expect(answer.status).toBe(200);
    expect((await answer.json()) as TokenAnswer).toMatchObject({ scope: usualScope, patient: 'p-aroha' });
  });

  test('needs the verifier of the challenge that was pushed', async () => {
    const authorised = await complete(await push(server));
    const form = { ...exchangeForm(authorised), code_verifier: 'x'.repeat(43) };
    expect((await server.token(form, ['kete-web', 'demo-secret-kete-web'])).status).toBe(400);
  });

  test('counts, and not what stands beside it in the address', async () => {
    const { url } = await push(server, { state, prompt: 'none' });
    const beside = new URLSearchParams({
      redirect_uri: 'https://evil.example.test/',
      scope: 'openid system/*.rs',
      state: 'another',
      prompt: 'login',
      response_mode: 'fragment',
    });
    const page = await createVisitor(issuer).get(`${url}&${beside}`);
    expectRedirect(page, { issuer, error: 'login_required', state });
  });

  test('can be opened again as long as nobody answered it', async () => {
    const { url } = await push(server);
    const visitor = createVisitor(issuer);
    expectAsked(await visitor.get(url), issuer);
    expectAsked(await visitor.get(url), issuer);
  });
});

describe('a client that must push', () => {
  const change = {
    client_id: 'only-pushed',
    redirect_uri: 'https://app.example.test/cb',
    scope: 'launch/patient patient/Patient.rs',
    state,
  };
  const refused = () => ({ issuer, error: 'invalid_request', state, redirectUri: change.redirect_uri });

  test.for(['only-pushed', 'only-pushed-page'])('%s is refused when it does not', async (clientId) => {
    expectRedirect(await ask(server, { ...change, client_id: clientId }), refused());
  });

  test('is refused when it does not, to an address that is not registered, on a page', async () => {
    const page = await ask(server, { ...change, redirect_uri: 'https://evil.example.test/' });
    expect(page).toMatchObject({ status: 400, location: undefined });
  });

  test('goes on when it does', async () => {
    const credentials = ['only-pushed', 'secret-of-the-one-that-pushes'] as const;
    const { url, status } = await push(server, change, { credentials });
    expect(status).toBe(201);
    expectAsked(await createVisitor(issuer).get(url), issuer);
    const page = await push(server, { ...change, client_id: 'only-pushed-page' }, { credentials: 'none' });
    expectAsked(await createVisitor(issuer).get(page.url), issuer);
  });
});

test('a reference without client_id is no request', async () => {
  const { body } = await push(server);
  const query = new URLSearchParams({ request_uri: String(body.request_uri) });
  expectPage(await createVisitor(issuer).get(`${issuer}/auth?${query}`), 'invalid_request');
  expectAsked(await createVisitor(issuer).get(addressOf(issuer, String(body.request_uri))), issuer);
});
