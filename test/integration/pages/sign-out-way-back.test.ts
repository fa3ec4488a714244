import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import type { TokenAnswer } from '../../support/visitor.ts';
import { answerSignOut, endSession, isSignedIn, signedIn } from './leaving.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const registered = 'http://127.0.0.1:8090/';

describe('RU-04 the way back after signing out', () => {
  test.for<[string, (tokens: TokenAnswer) => Record<string, string>]>([
    ['with id_token_hint', ({ id_token: hint = '' }) => ({ id_token_hint: hint })],
    ['with client_id', () => ({ client_id: 'kete-web' })],
    ['with both', ({ id_token: hint = '' }) => ({ id_token_hint: hint, client_id: 'kete-web' })],
  ])('%s: to the registered address, with state', async ([, parameters]) => {
    const { visitor, tokens } = await signedIn(server);
    const where = { post_logout_redirect_uri: registered, state: 'over & out' };
    const page = await endSession(server, visitor, { ...parameters(tokens), ...where });
    expect(page.html).toContain('Kete Health sent you here to sign out.');
    expect(page.headers.get('content-security-policy')).toContain('http://127.0.0.1');
    const gone = await answerSignOut(visitor, page, 'out');
    expect(gone.status).toBe(303);
    expect(gone.location).toBe(`${registered}?state=over+%26+out`);
    expect(await isSignedIn(server, visitor)).toBe(false);
  });

  test('an id_token that has run out is still good for a hint', async () => {
    const { visitor, tokens } = await signedIn(server);
    shiftTime(11 * 60);
    const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: registered };
    const gone = await answerSignOut(visitor, await endSession(server, visitor, parameters), 'out');
    expect(gone.location).toBe(registered);
  });

  test('without state: none is made up', async () => {
    const { visitor, tokens } = await signedIn(server);
    const parameters = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: registered };
    expect(
      (await answerSignOut(visitor, await endSession(server, visitor, parameters), 'out')).location,
    ).toBe(registered);
  });

  test('no client named: the address is not believed, the person stays here', async () => {
    const { visitor } = await signedIn(server);
    const page = await endSession(server, visitor, { post_logout_redirect_uri: 'https://evil.example/' });
    expect(page.headers.get('content-security-policy')).not.toContain('evil');
    const gone = await answerSignOut(visitor, page, 'out');
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
    const { visitor, tokens } = await signedIn(server);
    const hints: Record<string, string>[] = [
      { client_id: 'kete-web' },
      { id_token_hint: tokens.id_token ?? '' },
    ];
    for (const hint of hints) {
      const page = await endSession(server, visitor, { ...hint, post_logout_redirect_uri: uri });
      expect(page).toMatchObject({ status: 400, location: undefined });
      expect(page.html).toContain('invalid_request');
    }
    expect(await isSignedIn(server, visitor)).toBe(true);
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
    const { visitor, tokens } = await signedIn(server);
    const query = new URLSearchParams({
      ...parameters(tokens),
      post_logout_redirect_uri: registered,
    }).toString();
    const raw = story === 'a parameter twice' ? query.replace('%26state%3D', '&state=') : query;
    const page = await visitor.get(`${server.issuer}/session/end?${raw}`);
    expect(page).toMatchObject({ status: 400, location: undefined });
    expect(page.html).not.toContain('Do you want to sign out?');
    expect(await isSignedIn(server, visitor)).toBe(true);
  });

  test("another person's id_token does not sign anybody out unasked", async () => {
    const { visitor } = await signedIn(server);
    const hana = await signedIn(server, 'hana@example.test');
    const page = await endSession(server, visitor, { id_token_hint: hana.tokens.id_token ?? '' });
    expect(page.html).not.toContain('Hana');
    expect(await isSignedIn(server, visitor)).toBe(true);
    expect(await isSignedIn(server, hana.visitor)).toBe(true);
  });
});
