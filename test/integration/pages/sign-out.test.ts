import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  authorise,
  exchange,
  formTo,
  introspect,
  type Page,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, responseOf, visit } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const registered = 'http://127.0.0.1:8090/';

async function signedIn(
  identifier = 'aroha@example.test',
): Promise<{ visitor: Visitor; tokens: TokenAnswer }> {
  const authorised = await authorise(server, { visitor: visit(server), identifier });
  return { visitor: authorised.visitor, tokens: await exchange(server, authorised) };
}

const endSession = (visitor: Visitor, parameters: Readonly<Record<string, string>> = {}): Promise<Page> =>
  visitor.get(`${server.issuer}/session/end?${new URLSearchParams(parameters)}`);

function answer(visitor: Visitor, page: Page, out: boolean): Promise<Page> {
  const { action, fields } = formTo(page, '/session/end/confirm');
  return visitor.post(action, out ? [...fields, ['logout', 'yes']] : fields);
}

async function isSignedIn(visitor: Visitor): Promise<boolean> {
  const { page } = await begin(server, { visitor, change: { prompt: 'none' } });
  return responseOf(page).has('code');
}

describe('signing out', () => {
  test('is asked first: a person is not signed out by a link', async () => {
    const { visitor } = await signedIn();
    const page = await endSession(visitor);
    expect(page.html).toContain('Do you want to sign out?');
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('without an application: a page that says it is done', async () => {
    const { visitor } = await signedIn();
    const done = await visitor.follow(await answer(visitor, await endSession(visitor), true));
    expect(done.html).toContain('You are signed out');
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('“Stay signed in”: she stays, and no page says otherwise', async () => {
    const { visitor, tokens } = await signedIn();
    const done = await visitor.follow(await answer(visitor, await endSession(visitor), false));
    expect(done.status).toBe(200);
    expect(done.html).not.toContain('You are signed out');
    expect(await isSignedIn(visitor)).toBe(true);
    expect(await introspect(server, tokens.access_token)).toMatchObject({ active: true });
  });

  test('“Stay signed in” leads back to the application that asked, too', async () => {
    const { visitor, tokens } = await signedIn();
    const parameters = {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: registered,
      state: 's 1',
    };
    const back = await answer(visitor, await endSession(visitor, parameters), false);
    expect(back.location).toBe(`${registered}?state=s+1`);
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test('an audit row says who, once', async () => {
    const { visitor } = await signedIn('mere@example.test');
    await answer(visitor, await endSession(visitor), true);
    const rows = await server.sql(
      "SELECT * FROM audit_events WHERE type = 'person.signed-out' AND subject = 'mere'",
    );
    expect(rows).toHaveLength(1);
  });
});

describe('RU-04 the way back after signing out', () => {
  test.for<[string, (tokens: TokenAnswer) => Record<string, string>]>([
    ['with id_token_hint', ({ id_token: hint = '' }) => ({ id_token_hint: hint })],
    ['with client_id', () => ({ client_id: 'kete-web' })],
    ['with both', ({ id_token: hint = '' }) => ({ id_token_hint: hint, client_id: 'kete-web' })],
  ])('%s: to the registered address, with state', async ([, parameters]) => {
    const { visitor, tokens } = await signedIn();
    const where = { post_logout_redirect_uri: registered, state: 'over & out' };
    const page = await endSession(visitor, { ...parameters(tokens), ...where });
    expect(page.html).toContain('Kete Health sent you here to sign out.');
    expect(page.headers.get('content-security-policy')).toContain('http://127.0.0.1');
    const gone = await answer(visitor, page, true);
    expect(gone.status).toBe(303);
    expect(gone.location).toBe(`${registered}?state=over+%26+out`);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('without state: none is made up', async () => {
    const { visitor, tokens } = await signedIn();
    const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: registered };
    expect((await answer(visitor, await endSession(visitor, parameters), true)).location).toBe(registered);
  });

  test('no client named: the address is not believed, the person stays here', async () => {
    const { visitor } = await signedIn();
    const page = await endSession(visitor, { post_logout_redirect_uri: 'https://evil.example/' });
    expect(page.headers.get('content-security-policy')).not.toContain('evil');
    const gone = await answer(visitor, page, true);
    expect(new URL(gone.location ?? '').origin).toBe(server.issuer);
  });

  test.for([
    'https://evil.example/',
    'http://127.0.0.1:8090',
    'http://127.0.0.1:8090/other',
    'http://127.0.0.1:8091/',
    'http://127.0.0.1:8090/?next=https://evil.example',
    'http://127.0.0.1:8090/#x',
    'HTTP://127.0.0.1:8090/',
    '//127.0.0.1:8090/',
    'javascript:alert(1)',
  ])('the address "%s", which is not registered: 400, and nobody is signed out', async (uri) => {
    const { visitor, tokens } = await signedIn();
    for (const known of [{ client_id: 'kete-web' }, { id_token_hint: tokens.id_token ?? '' }]) {
      const page = await endSession(visitor, { ...known, post_logout_redirect_uri: uri });
      expect(page).toMatchObject({ status: 400, location: undefined });
      expect(page.html).toContain('invalid_request');
    }
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test.for<[string, (tokens: TokenAnswer) => Record<string, string>]>([
    ['nonsense for a hint', () => ({ id_token_hint: 'nonsense' })],
    [
      'a hint with another signature',
      ({ id_token: hint = '' }) => ({ id_token_hint: `${hint.slice(0, -8)}AAAAAAAA` }),
    ],
    [
      'an unsigned hint',
      ({ id_token: hint = '' }) => ({
        id_token_hint: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${hint.split('.')[1]}.`,
      }),
    ],
    [
      'a hint for another client',
      ({ id_token: hint = '' }) => ({ id_token_hint: hint, client_id: 'kete-spa' }),
    ],
    ['an access token for a hint', ({ access_token: token }) => ({ id_token_hint: token })],
    ['an unknown client', () => ({ client_id: 'nobody' })],
    ['a parameter twice', () => ({ client_id: 'kete-web', state: 'a&state=b' })],
  ])('%s: 400, and nobody is signed out', async ([story, parameters]) => {
    const { visitor, tokens } = await signedIn();
    const query = new URLSearchParams({
      ...parameters(tokens),
      post_logout_redirect_uri: registered,
    }).toString();
    const raw = story === 'a parameter twice' ? query.replace('%26state%3D', '&state=') : query;
    const page = await visitor.get(`${server.issuer}/session/end?${raw}`);
    expect(page).toMatchObject({ status: 400, location: undefined });
    expect(page.html).not.toContain('Do you want to sign out?');
    expect(await isSignedIn(visitor)).toBe(true);
  });

  test("another person's id_token does not sign anybody out unasked", async () => {
    const { visitor } = await signedIn();
    const hana = await signedIn('hana@example.test');
    const page = await endSession(visitor, { id_token_hint: hana.tokens.id_token ?? '' });
    expect(page.html).not.toContain('Hana');
    expect(await isSignedIn(visitor)).toBe(true);
    expect(await isSignedIn(hana.visitor)).toBe(true);
  });
});

describe('where nobody is signed in', () => {
  test('a page that says so, without a question', async () => {
    const page = await endSession(visit(server));
    expect(page.html).toContain('You are signed out');
    expect(page.html).not.toContain('Do you want to sign out?');
  });

  test('with a way back: a form to press, which leads there with state', async () => {
    const visitor = visit(server);
    const parameters = { client_id: 'kete-web', post_logout_redirect_uri: registered, state: 'x' };
    const page = await endSession(visitor, parameters);
    expect(page.html).toContain('Choose “Continue” to go on to the application.');
    const { action, fields } = formTo(page, '/session/end/confirm');
    expect((await visitor.post(action, fields)).location).toBe(`${registered}?state=x`);
  });

  test('with an address that is not registered: 400', async () => {
    const parameters = { client_id: 'kete-web', post_logout_redirect_uri: 'https://evil.example/' };
    expect(await endSession(visit(server), parameters)).toMatchObject({ status: 400, location: undefined });
  });

  test('the address of the last page, typed in', async () => {
    const page = await visit(server).get(`${server.issuer}/session/end/success`);
    expect(page).toMatchObject({ status: 200, location: undefined });
  });
});
