import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { holdStatement } from '../../support/held.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { typeCode } from '../../support/step-up.ts';
import { shiftTime } from '../../support/time.ts';
import { authorise, createVisitor, formTo, signIn } from '../../support/visitor.ts';
import { openAccount } from './account.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
afterEach(() => shiftTime(0));

const pathOf = (url: string | undefined) => url?.slice(server.issuer.length);

describe('somebody who is not signed in', () => {
  test('is sent to sign in by an authorisation request with PKCE, and comes back to the page', async () => {
    const visitor = createVisitor(server.issuer);
    const sent = await visitor.get('/account');
    expect(sent.status).toBe(303);
    const request = new URL(sent.location ?? '');
    expect(request.pathname).toBe('/auth');
    expect(Object.fromEntries(request.searchParams)).toEqual({
      client_id: 'assent-account',
      response_type: 'code',
      redirect_uri: `${server.issuer}/account/callback`,
      scope: 'openid',
      state: expect.stringMatching(/^[\w-]+\.[\w-]+$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const asked = await visitor.follow(sent);
    expect(asked.html).toContain('Sign in to see your account.');
    const page = await signIn(visitor, asked);
    expect([page.status, pathOf(page.url)]).toEqual([200, '/account']);
    expect(page.html).toContain('Aroha Ngata');
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  test('is known by the session of an application, and asked for no consent', async () => {
    const { visitor } = await authorise(server);
    const { page } = await openAccount(server, { visitor });
    expect([page.status, page.url]).toEqual([200, '/account']);
    expect(await server.sql(`SELECT 1 FROM consents WHERE client_id = 'assent-account'`)).toEqual([]);
  });

  test('may turn back, and is told that nothing has changed', async () => {
    const visitor = createVisitor(server.issuer);
    const page = await visitor.follow(await visitor.get('/account'));
    const form = formTo(page, '/cancel');
    const back = await visitor.follow(await visitor.post(form.action, form.fields));
    expect(back.status).toBe(200);
    expect(back.html).toContain('You are not signed in');
  });

  test('comes back to where she was going, from each of two windows', async () => {
    const visitor = createVisitor(server.issuer);
    const one = await visitor.follow(await visitor.get('/account?page=1'));
    const other = await visitor.get('/account?page=2');
    expect(pathOf((await signIn(visitor, one)).url)).toBe('/account?page=1');
    expect(pathOf((await visitor.follow(other)).url)).toBe('/account?page=2');
  });

  test('is not led on by a way back that began in another browser', async () => {
    const began = await createVisitor(server.issuer).get('/account?page=7');
    const state = new URL(began.location ?? '').searchParams.get('state') ?? '';
    const { visitor } = await openAccount(server);
    const back = await visitor.get(`/account/callback?code=x&${new URLSearchParams({ state })}`);
    expect([back.status, pathOf(back.location)]).toEqual([303, '/account']);
  });

  test.for(['/account/callback', '/account/callback?code=x&state=a.b', '/account/callback?state=&state='])(
    'finds a page at %s, and goes round in no circle',
    async (path) => {
      const page = await createVisitor(server.issuer).get(path);
      expect(page.status).toBe(200);
      expect(page.html).toContain('You are not signed in');
    },
  );
});

describe('a page that asks for more', () => {
  const security = '/account/security/password';

  test('sends her to prove all she can, within five minutes, and comes back to her', async () => {
    const { visitor } = await openAccount(server);
    const sent = await visitor.get(security);
    const { searchParams } = new URL(sent.location ?? '');
    expect([searchParams.get('acr_values'), searchParams.get('max_age')]).toEqual(['2', '300']);
    const page = await typeCode(visitor, await visitor.follow(sent));
    expect([page.status, pathOf(page.url)]).toEqual([200, security]);
    shiftTime(6 * 60);
    expect(new URL((await visitor.get(security)).location ?? '').pathname).toBe('/auth');
  });

  test('is not shown to her when she turns back', async () => {
    const { visitor } = await openAccount(server);
    const asked = await visitor.follow(await visitor.get(security));
    const form = formTo(asked, '/cancel');
    const back = await visitor.follow(await visitor.post(form.action, form.fields));
    expect([back.status, pathOf(back.url)]).toEqual([200, '/account']);
  });
});

describe('a session that is over', () => {
  test('by its age: she signs in again', async () => {
    const { visitor } = await openAccount(server);
    shiftTime(12 * 3600 + 60);
    expect((await visitor.get('/account')).location).toContain('/auth?');
  });

  test('by lying idle for an hour: she signs in again', async () => {
    const { visitor } = await openAccount(server);
    shiftTime(3600 + 60);
    expect((await visitor.get('/account')).location).toContain('/auth?');
  });

  test('SE-04 is not while she uses these pages, until twelve hours after she signed in', async () => {
    const { visitor } = await openAccount(server);
    const step = 50 * 60;
    for (let at = step; at < 12 * 3600; at += step) {
      shiftTime(at);
      const page = await visitor.get('/account');
      expect([page.status, at]).toEqual([200, at]);
      // The cookie ends with the browser: a page that kept it longer would leave her signed in on a computer that others use.
      expect(page.headers.getSetCookie()).toEqual([]);
    }
    shiftTime(12 * 3600 + 60);
    expect((await visitor.get('/account')).location).toContain('/auth?');
  });

  // With Redis no statement can be held; that a session is only changed in its place there, the contract of the stores says.
  const inDatabase = process.env.REDIS_URL === undefined;
  test.runIf(inDatabase)(
    'by signing out elsewhere while a page is read: it is not brought back',
    async () => {
      const { visitor } = await openAccount(server, { identifier: 'hana@example.test' });
      shiftTime(30 * 60);
      const held = holdStatement(server, (name) => name === 'oidc_artefacts_prolong');
      const reading = visitor.copy().get('/account');
      await held.reached;
      await server.oidc.sessions.signOutEverywhere('hana', { source: '127.0.0.1' });
      held.release();
      await reading;
      expect((await visitor.get('/account')).location).toContain('/auth?');
      const left = await server.sql(
        `SELECT FROM oidc_artefacts WHERE model = 'Session' AND payload ->> 'accountId' = 'hana'`,
      );
      expect(left).toEqual([]);
    },
  );

  test.runIf(inDatabase)('is not put back by a page that was read while she signed in anew', async () => {
    const { visitor } = await openAccount(server);
    shiftTime(30 * 60);
    const asked = await visitor.follow(await visitor.get('/account/security/password'));
    shiftTime(36 * 60);
    const held = holdStatement(server, (name) => name === 'oidc_artefacts_prolong');
    const reading = visitor.copy().get('/account');
    await held.reached;
    await signIn(visitor, asked);
    held.release();
    expect((await reading).headers.getSetCookie()).toEqual([]);
    // What she has proved holds, under the id that she has since.
    const page = await visitor.get('/account/security/password');
    expect([page.status, page.url]).toEqual([200, '/account/security/password']);
  });

  test('by signing out: she signs in again', async () => {
    const { visitor } = await openAccount(server);
    const question = await visitor.get('/session/end');
    const { action, fields } = formTo(question, '/session/end/confirm');
    await visitor.post(action, [...fields, ['logout', 'yes']]);
    expect((await visitor.get('/account')).location).toContain('/auth?');
  });

  test('because the account was disabled: the page is not shown', async () => {
    const { visitor } = await openAccount(server, { identifier: 'hana@example.test' });
    const change = (to: string) =>
      server.sql(
        `UPDATE accounts SET disabled_at = ${to} WHERE id =
           (SELECT account_id FROM account_identifiers WHERE value = 'hana@example.test')`,
      );
    await change(`'2026-01-01T00:00:00Z'`);
    try {
      const page = await visitor.follow(await visitor.get('/account'));
      expect(page.html).toContain('/sign-in"');
    } finally {
      await change('NULL');
    }
  });
});

describe('the client_id of the account pages', () => {
  test('is nobody at the token endpoint, also with a code and its verifier', async () => {
    const verifier = 'v'.repeat(43);
    const { visitor } = await openAccount(server);
    const parameters = {
      client_id: 'assent-account',
      response_type: 'code',
      redirect_uri: `${server.issuer}/account/callback`,
      scope: 'openid',
      state: 's',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    const answer = await visitor.get(`/auth?${new URLSearchParams(parameters)}`);
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? '';
    expect(code).not.toBe('');
    const response = await server.token({
      grant_type: 'authorization_code',
      client_id: 'assent-account',
      code,
      code_verifier: verifier,
      redirect_uri: parameters.redirect_uri,
    });
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_client' }),
    ]);
  });

  test.for([
    { redirect_uri: 'https://evil.example/callback' },
    { scope: 'openid profile' },
    { scope: 'openid offline_access' },
    { response_type: 'token' },
  ])('asks for nothing but who it is, and leads nowhere else: %o', async (change) => {
    const { visitor } = await openAccount(server);
    const parameters = {
      client_id: 'assent-account',
      response_type: 'code',
      redirect_uri: `${server.issuer}/account/callback`,
      scope: 'openid',
      state: 's',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
      ...change,
    };
    const answer = await visitor.get(`/auth?${new URLSearchParams(parameters)}`);
    expect(answer.location ?? '').not.toContain('code=');
    expect(answer.location ?? '').not.toContain('evil.example');
  });

  test('leads to no consent page, whatever the request says', async () => {
    const { visitor } = await openAccount(server);
    const parameters = {
      client_id: 'assent-account',
      response_type: 'code',
      redirect_uri: `${server.issuer}/account/callback`,
      scope: 'openid',
      state: 's',
      prompt: 'consent',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    };
    const page = await visitor.follow(await visitor.get(`/auth?${new URLSearchParams(parameters)}`));
    expect([page.status, page.html.includes('/consent"')]).toEqual([200, false]);
    expect(pathOf(page.url)).toBe('/account');
  });

  test('cannot be registered by anybody', async () => {
    await expect(
      register(server, {
        client_id: 'assent-account',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        redirect_uris: ['https://evil.example/cb'],
        apis: {},
      }),
    ).rejects.toThrow(/Nothing was imported/);
  });
});
