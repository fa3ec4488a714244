import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, exchangeForm, introspect, type TokenAnswer } from '../../support/visitor.ts';
import { ask, type Change, expectAsked, expectPage, expectRedirect, state } from './answers.ts';
import { push } from './pushing.ts';

/** An application without an API, which only wants to know who signed in (OpenID Connect Core). */

const redirectUri = 'https://library.example.test/cb';
const credentials = ['library', 'secret-of-the-library-0123456789'] as const;

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  await register(
    server,
    {
      client_id: 'library',
      client_name: 'Health library',
      client_secret: credentials[1],
      grant_types: ['authorization_code'],
      redirect_uris: [redirectUri],
      scope: 'openid profile',
    },
    {
      client_id: 'reading-list',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
    },
  );
});

afterAll(() => server.close());

const asked = (change: Change = {}): Change => ({
  client_id: 'library',
  redirect_uri: redirectUri,
  scope: 'openid profile',
  aud: undefined,
  nonce: 'n-0S6_WzA2Mj',
  ...change,
});

async function tokensOf(change: Change = {}, identifier?: string): Promise<TokenAnswer> {
  const authorised = await authorise(server, {
    change: asked(change),
    ...(identifier === undefined ? {} : { identifier }),
  });
  const answer = await server.token(exchangeForm(authorised), credentials);
  expect(answer.status).toBe(200);
  return (await answer.json()) as TokenAnswer;
}

const userinfo = (token: string, init: RequestInit = {}) =>
  fetch(`${issuer}/me`, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } });

describe('an application that only wants to know who somebody is', () => {
  test('is told by an id_token, signed with ES256, for it alone', async () => {
    const tokens = await tokensOf();
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(tokens.id_token ?? '', keys, {
      issuer,
      audience: 'library',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ sub: 'aroha', name: expect.any(String), nonce: 'n-0S6_WzA2Mj' });
    expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(['patient']));
    expect(payload).not.toHaveProperty('fhirUser');
  });

  test('gets no record, no launch context and no refresh token', async () => {
    const tokens = await tokensOf();
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'openid profile', expires_in: 300 });
    for (const member of ['patient', 'need_patient_banner', 'refresh_token'])
      expect(tokens).not.toHaveProperty(member);
    const read = await fetch(`${issuer}/demo/fhir/r4/Patient/p-aroha`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    expect(read.status).toBe(401);
    expect(await introspect(server, tokens.access_token)).toEqual({ active: false });
  });

  test('works for somebody without a record, too', async () => {
    const { id_token: idToken } = await tokensOf({}, 'priya@example.test');
    expect(idToken).toEqual(expect.any(String));
  });

  test('may push its request', async () => {
    const { status, url } = await push(server, asked(), { credentials });
    expect(status).toBe(201);
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.headers.get('location')).toMatch(/^\/interaction\/|\/interaction\//);
  });

  test('need not send state: there is a nonce, and PKCE', async () => {
    expectAsked(await ask(server, asked({ state: undefined })), issuer);
  });

  test.for([
    ['a scope that it was not given', { scope: 'openid fhirUser' }, 'invalid_scope'],
    ['lasting access that it was not given', { scope: 'openid offline_access' }, 'invalid_scope'],
    ['a record without an API', { scope: 'openid patient/Patient.rs' }, 'invalid_scope'],
    ['whose record it is', { scope: 'openid launch/patient' }, 'invalid_scope'],
    ['no openid', { scope: 'profile' }, 'invalid_scope'],
    ['nothing', { scope: undefined }, 'invalid_scope'],
    ['an API that it was not given', { aud: 'ISSUER/demo/fhir/r4' }, 'invalid_target'],
    ['an API that nobody knows', { aud: 'https://x.example.test/' }, 'invalid_target'],
  ] as const)('is refused when it asks for %s', async ([, change, error]) => {
    const { aud, ...rest }: Change = change;
    const request = asked({ ...rest, aud: aud?.replace('ISSUER', issuer), nonce: undefined, state });
    expectRedirect(await ask(server, request), { issuer, error, state, redirectUri });
  });

  test('is refused by an address that is not its own', async () => {
    expectPage(await ask(server, asked({ redirect_uri: `${redirectUri}/` })), 'invalid_redirect_uri');
  });

  test('without a scope of its own may ask for all identity scopes, but needs an API for a record', async () => {
    const change = asked({ client_id: 'reading-list', state });
    expectAsked(await ask(server, { ...change, scope: 'openid profile offline_access' }), issuer);
    for (const scope of ['openid patient/*.rs', 'openid launch/patient']) {
      const page = await ask(server, { ...change, scope });
      expectRedirect(page, { issuer, error: 'invalid_scope', state, redirectUri });
    }
  });
});

describe('/me', () => {
  test('tells the same by GET and by POST', async () => {
    const { access_token: token } = await tokensOf();
    for (const method of ['GET', 'POST']) {
      const answer = await userinfo(token, { method });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(await answer.json()).toEqual({ sub: 'aroha', name: expect.any(String) });
    }
  });

  test('tells no name where none was asked for', async () => {
    const { access_token: token } = await tokensOf({ scope: 'openid' });
    expect(await (await userinfo(token)).json()).toEqual({ sub: 'aroha' });
  });

  test.for([
    ['garbage', 'garbage'],
    ['nothing behind Bearer', ''],
    ['a token of an API', 'API'],
  ] as const)('answers 401 to %s', async ([, text]) => {
    const ofApi = async () => {
      const authorised = await authorise(server);
      const answer = await server.token(exchangeForm(authorised), ['kete-web', 'demo-secret-kete-web']);
      return ((await answer.json()) as TokenAnswer).access_token;
    };
    const answer = await userinfo(text === 'API' ? await ofApi() : text);
    expect([400, 401]).toContain(answer.status);
    expect(await answer.text()).not.toContain('aroha');
  });

  test('JW-04 answers 401 with WWW-Authenticate when the token has ended', async () => {
    const { access_token: token } = await tokensOf();
    shiftTime(330);
    const answer = await userinfo(token).finally(() => shiftTime(0));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
  });

  test('takes no token from the address', async () => {
    const { access_token: token } = await tokensOf();
    const answer = await fetch(`${issuer}/me?access_token=${token}`);
    expect([400, 401]).toContain(answer.status);
    expect(await answer.text()).not.toContain('aroha');
  });
});
