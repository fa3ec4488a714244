import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  allow,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  signIn,
  type TokenAnswer,
} from '../../support/visitor.ts';
import { ask, type Change, expectRedirect, state } from './answers.ts';
import { push } from './pushing.ts';

/** Access that lasts: asked for in the scope alone, without `prompt`, as SMART applications do; shown; never given unasked. */

const redirectUri = 'https://diary.example.test/cb';
const scope = 'launch/patient patient/Observation.rs';

let server: TestServer;
let issuer: string;

const credentials = (clientId: string) => [clientId, `secret-of-${clientId}-0123456789`] as const;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const make = (clientId: string, scopes: string, grantTypes: readonly string[]) => ({
    client_id: clientId,
    client_secret: credentials(clientId)[1],
    grant_types: grantTypes,
    redirect_uris: [redirectUri],
    apis: { 'demo-fhir': `launch/patient patient/*.rs ${scopes}`.trim() },
  });
  const both = ['authorization_code', 'refresh_token'];
  await register(
    server,
    make('diary', 'offline_access online_access', both),
    make('diary-without-grant', 'offline_access online_access', ['authorization_code']),
    make('diary-without-scope', '', both),
  );
});

afterAll(() => server.close());

const by = (clientId: string, more: Change = {}): Change => ({
  client_id: clientId,
  redirect_uri: redirectUri,
  ...more,
});

async function tokensOf(clientId: string, change: Change): Promise<TokenAnswer> {
  const authorised = await authorise(server, { change: by(clientId, change) });
  const answer = await server.token(exchangeForm(authorised), credentials(clientId));
  expect(answer.status).toBe(200);
  return (await answer.json()) as TokenAnswer;
}

/** The words of a scope, whose order means nothing (RFC 6749 section 3.3). */
const words = (text: string) => text.split(' ').toSorted();

const lasting = ['offline_access', 'online_access'] as const;

describe.for(lasting)('%s', (word) => {
  test('without prompt is a line of the consent page, and gives a refresh token', async () => {
    const visitor = createVisitor(issuer);
    const asked = by('diary', { scope: `${scope} ${word}`, prompt: 'login' });
    const page = await visitor.follow(await visitor.get(authorisationRequest(issuer, asked).url));
    const consent = await signIn(visitor, page, { identifier: 'hana@example.test' });
    expect(consent.html).toContain(`value="${word}"`);
    const tokens = await tokensOf('diary', { scope: `${scope} ${word}` });
    expect(words(tokens.scope)).toEqual(words(`${scope} ${word}`));
    expect(tokens.refresh_token).toEqual(expect.any(String));
  });

  test('may stand anywhere in the scope, beside any prompt', async () => {
    const spelt = `${word} ${scope}`;
    for (const prompt of [undefined, 'consent', 'login']) {
      const tokens = await tokensOf('diary', { scope: spelt, prompt });
      expect(words(tokens.scope)).toEqual(words(spelt));
      expect(tokens.refresh_token).toEqual(expect.any(String));
    }
  });

  test('gives a refresh token when it was pushed, too', async () => {
    const { url, request } = await push(server, by('diary', { scope: `${scope} ${word}` }), {
      credentials: credentials('diary'),
    });
    const visitor = createVisitor(issuer);
    let page = await signIn(visitor, await visitor.follow(await visitor.get(url)));
    if (page.html.includes('/consent"')) page = await allow(visitor, page);
    const code = new URL(page.location ?? 'about:blank').searchParams.get('code') ?? '';
    const form = exchangeForm({
      code,
      verifier: request.verifier,
      redirectUri,
      visitor,
      response: new URLSearchParams(),
    });
    const answer = await server.token(form, credentials('diary'));
    const tokens = (await answer.json()) as TokenAnswer;
    expect(words(tokens.scope)).toEqual(words(`${scope} ${word}`));
    expect(tokens.refresh_token).toEqual(expect.any(String));
  });

  test.for([
    ['diary-without-grant', 'a client that may not use refresh tokens'],
    ['diary-without-scope', 'a client that was not given it'],
  ] as const)('is refused for %s: %s', async ([clientId]) => {
    const change = by(clientId, { scope: `${scope} ${word}`, state });
    expectRedirect(await ask(server, change), { issuer, error: 'invalid_scope', state, redirectUri });
    const consenting = { ...change, prompt: 'consent' };
    expectRedirect(await ask(server, consenting), { issuer, error: 'invalid_scope', state, redirectUri });
    const pushed = await push(server, change, { credentials: credentials(clientId) });
    expect(pushed).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  test('that the person unticks gives no refresh token', async () => {
    const authorised = await authorise(server, {
      change: by('diary', { scope: `${scope} ${word}` }),
      identifier: 'tom@example.test',
      without: [word],
    });
    const answer = await server.token(exchangeForm(authorised), credentials('diary'));
    const tokens = (await answer.json()) as TokenAnswer;
    expect(tokens.scope).toBe(scope);
    expect(tokens).not.toHaveProperty('refresh_token');
  });
});

test('without a word about it there is no refresh token, consented to before or not', async () => {
  await tokensOf('diary', { scope: `${scope} offline_access` });
  const tokens = await tokensOf('diary', { scope });
  expect(tokens.scope).toBe(scope);
  expect(tokens).not.toHaveProperty('refresh_token');
});

test('prompt=consent asks for nothing that is not in the scope', async () => {
  expect(await tokensOf('diary', { scope, prompt: 'consent' })).not.toHaveProperty('refresh_token');
});

test('both at once are refused: they contradict each other', async () => {
  const change = by('diary', { scope: `${scope} offline_access online_access`, state });
  const page = await ask(server, change);
  expectRedirect(page, { issuer, error: 'invalid_scope', state, redirectUri });
});
