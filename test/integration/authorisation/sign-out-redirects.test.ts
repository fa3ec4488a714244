import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorise,
  createVisitor,
  exchange,
  formTo,
  type Page,
  type Visitor,
} from '../../support/visitor.ts';
import { expectPage } from './answers.ts';

/** Signing out leads to registered addresses only, and the person is asked (RU-04, RP-Initiated Logout 1.0). */

const registered = 'http://127.0.0.1:8090/';

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

async function signedIn(): Promise<{ visitor: Visitor; hint: string }> {
  const authorised = await authorise(server);
  const { id_token: hint = '' } = await exchange(server, authorised);
  return { visitor: authorised.visitor, hint };
}

type Parameters = Readonly<Record<string, string>>;

const endSession = (visitor: Visitor, parameters: Parameters) =>
  visitor.get(`/session/end?${new URLSearchParams(parameters)}`);

const confirm = (visitor: Visitor, page: Page) => {
  const form = formTo(page, '/session/end/confirm');
  const fields = form.fields.filter(([name]) => name !== 'logout');
  return visitor.post(form.action, [...fields, ['logout', 'yes']]);
};

const isSignedIn = async (visitor: Visitor) => {
  const query = new URLSearchParams({
    client_id: 'kete-web',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:8090/cb',
    scope: 'openid',
    aud: `${issuer}/demo/fhir/r4`,
    state: 's',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    prompt: 'none',
  });
  return !(await visitor.get(`/auth?${query}`)).location?.includes('login_required');
};

describe('RU-04 a registered address', () => {
  test('is where a person is led who signed out, with the state', async () => {
    const { visitor, hint } = await signedIn();
    const page = await endSession(visitor, {
      id_token_hint: hint,
      post_logout_redirect_uri: registered,
      state: 'a & b',
    });
    expect(page).toMatchObject({ status: 200, location: undefined });
    expect(await isSignedIn(visitor)).toBe(true);
    const after = await confirm(visitor, page);
    expect(after).toMatchObject({ status: 303, location: `${registered}?state=a+%26+b` });
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('is not followed before the person was asked', async () => {
    const requests: readonly Parameters[] = [
      { client_id: 'kete-web', post_logout_redirect_uri: registered },
      { post_logout_redirect_uri: registered },
      {},
    ];
    for (const parameters of requests) {
      const { visitor } = await signedIn();
      const page = await endSession(visitor, parameters);
      expect(page).toMatchObject({ status: 200, location: undefined });
      expect(formTo(page, '/session/end/confirm').fields.length).toBeGreaterThan(0);
      expect(await isSignedIn(visitor)).toBe(true);
    }
  });

  test('is not followed where nothing says whose it is', async () => {
    const { visitor } = await signedIn();
    const page = await endSession(visitor, { post_logout_redirect_uri: registered });
    const after = await confirm(visitor, page);
    expect(after.location ?? issuer).toContain(issuer);
  });
});

const foreign = [
  'https://evil.example.test/',
  'http://127.0.0.1:8090',
  'http://127.0.0.1:8090/x',
  'http://127.0.0.1:8090/?a=b',
  'http://127.0.0.1:8090/#a',
  'http://127.0.0.1:8091/',
  'http://localhost:8090/',
  'http://evil@127.0.0.1:8090/',
  'http://127.0.0.1:8090/cb',
  'http://127.0.0.1:8090/app.html',
  '//evil.example.test/',
  '/demo',
  'javascript:alert(1)',
  'data:text/html,x',
  `${registered} `,
];

describe('RU-04 an address that is not registered', () => {
  test.for(foreign)(
    '%s ends on a page, signed in or not, with a hint or the name of the client',
    async (uri) => {
      const { visitor, hint } = await signedIn();
      const ways: readonly Parameters[] = [{ id_token_hint: hint }, { client_id: 'kete-web' }];
      for (const who of ways) {
        expectPage(await endSession(visitor, { ...who, post_logout_redirect_uri: uri }), 'invalid_request');
        const nobody = createVisitor(issuer);
        expectPage(await endSession(nobody, { ...who, post_logout_redirect_uri: uri }), 'invalid_request');
      }
      expect(await isSignedIn(visitor)).toBe(true);
    },
  );
});

describe('RU-04 a sign-out that is sent by POST', () => {
  const post = (visitor: Visitor, parameters: Parameters) =>
    visitor.post('/session/end', Object.entries(parameters));

  test('asks the person, as one by GET does, and leads to the registered address', async () => {
    const { visitor, hint } = await signedIn();
    const sent = await post(visitor, { id_token_hint: hint, post_logout_redirect_uri: registered });
    expect(sent.status).toBe(303);
    const page = await visitor.follow(sent);
    expect(page).toMatchObject({ status: 200, location: undefined });
    expect(await isSignedIn(visitor)).toBe(true);
    expect((await confirm(visitor, page)).location).toBe(registered);
  });

  test.for(foreign)('to %s ends on a page', async (uri) => {
    const { visitor, hint } = await signedIn();
    const sent = await post(visitor, { id_token_hint: hint, post_logout_redirect_uri: uri });
    expect(sent.location ?? issuer).toMatch(new RegExp(`^${issuer}/`));
    expectPage(await visitor.follow(sent), 'invalid_request');
    expect(await isSignedIn(visitor)).toBe(true);
  });
});

describe('RU-04 a sign-out is refused', () => {
  test.for<[string, (hint: string) => Parameters, string]>([
    ['with a hint that is none', () => ({ id_token_hint: 'abc' }), 'invalid_request'],
    [
      'with a hint that was changed',
      (hint) => ({ id_token_hint: `${hint.slice(0, -8)}AAAAAAAA` }),
      'invalid_request',
    ],
    [
      'with a hint of another client',
      (hint) => ({ id_token_hint: hint, client_id: 'kete-spa' }),
      'invalid_request',
    ],
    ['for a client that nobody knows', () => ({ client_id: 'nobody' }), 'invalid_request'],
  ])('%s', async ([, make, error]) => {
    const { visitor, hint } = await signedIn();
    const page = await endSession(visitor, { ...make(hint), post_logout_redirect_uri: registered });
    expectPage(page, error);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('with two addresses', async () => {
    const { visitor, hint } = await signedIn();
    const query = new URLSearchParams([
      ['id_token_hint', hint],
      ['post_logout_redirect_uri', registered],
      ['post_logout_redirect_uri', 'https://evil.example.test/'],
    ]);
    expectPage(await visitor.get(`/session/end?${query}`), 'invalid_request');
  });
});
