import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';
import { ask, expectAsked, expectGuarded, expectPage, expectRedirect, state } from './answers.ts';

/** What an answer can be, and by which way it goes back: codes only, in the query or the fragment (AZ-02). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const implicit = [
  'token',
  'id_token',
  'id_token token',
  'code token',
  'code id_token',
  'code id_token token',
];

describe('AZ-02 the response type', () => {
  test.for(implicit)('%s is refused, in the fragment, without anything of what it asks for', async (type) => {
    const page = await ask(server, { response_type: type, nonce: 'n-0S6', state });
    const error = ['unsupported_response_type', 'unauthorized_client', 'invalid_request'];
    const location = new URL(page.location ?? 'about:blank');
    const mode = location.hash === '' ? 'query' : 'fragment';
    expectRedirect(page, { issuer: server.issuer, error, state, mode });
  });

  test.for(['none', 'CODE', 'code code2', 'device', '__proto__', 'x'.repeat(2000)])(
    '%s is refused',
    async (type) => {
      const error = ['unsupported_response_type', 'invalid_request'];
      const page = await ask(server, { response_type: type, state });
      expectRedirect(page, { issuer: server.issuer, error, state });
    },
  );

  test('left out is refused', async () => {
    const page = await ask(server, { response_type: undefined, state });
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
  });

  test.for(implicit)('%s is refused for a public client, too', async (type) => {
    const change = { client_id: 'kete-spa', redirect_uri: 'http://127.0.0.1:8090/app.html' };
    const page = await ask(server, { ...change, response_type: type, nonce: 'n-0S6', state });
    expect(page.status).toBe(303);
    expect(page.location).toMatch(/^http:\/\/127\.0\.0\.1:8090\/app\.html[#?]error=/);
    expect(page.location).not.toMatch(/[?#&](code|access_token|id_token)=/);
  });
});

describe('AZ-02 the response mode', () => {
  test('fragment puts the code behind the #', async () => {
    const { visitor } = await authorise(server);
    const page = await ask(server, { response_mode: 'fragment', prompt: 'none', state });
    const refused = { issuer: server.issuer, error: 'login_required', state, mode: 'fragment' } as const;
    expectRedirect(page, refused);
    const again = await visitor.get(`${server.issuer}/auth?${new URL(page.url).searchParams}`);
    const location = new URL(again.location ?? 'about:blank');
    expect(location.search).toBe('');
    const answer = new URLSearchParams(location.hash.slice(1));
    expect(answer.get('code')).toMatch(/^[A-Za-z0-9_-]{40,}$/);
    expect([answer.get('state'), answer.get('iss')]).toEqual([state, server.issuer]);
  });

  test('query puts the code into the query, as no mode does', async () => {
    for (const mode of ['query', undefined]) {
      const { response } = await authorise(server, { change: { response_mode: mode } });
      expect(response.get('code')).toMatch(/^[A-Za-z0-9_-]{40,}$/);
    }
  });

  test.for(['form_post', 'FORM_POST', 'form_post.jwt', 'query.jwt', 'jwt', 'web_message', '__proto__'])(
    '%s is refused on a page, without a script',
    async (mode) => {
      expectPage(await ask(server, { response_mode: mode }), 'invalid_request');
    },
  );

  test('form_post is refused on a page when nobody may be asked, too', async () => {
    expectPage(await ask(server, { response_mode: 'form_post', prompt: 'none' }), 'invalid_request');
  });

  test('form_post hides behind no good one', async () => {
    const page = await ask(server, { response_mode: 'query' }, [['response_mode', 'form_post']]);
    expect(page.html).not.toContain('<script');
    expectGuarded(page);
    expect(page.status).toBe(400);
  });

  test('that is empty counts as left out', async () => {
    expectAsked(await ask(server, {}, [['response_mode', '']]), server.issuer);
  });
});
