import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, authorise, createVisitor } from '../../support/visitor.ts';
import { ask, type Change, expectGuarded, expectPage } from './answers.ts';

/** Faults found before client and address are certain: a page for people, JSON for programs, and never a redirect. */

let server: TestServer;
let issuer: string;

const home = 'https://garden.example.test/start';

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const shared = {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['https://garden.example.test/cb'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(
    server,
    { ...shared, client_id: 'garden', client_name: 'Garden <b>& Co</b>', client_uri: home },
    { ...shared, client_id: 'garden-start', client_uri: home, initiate_login_uri: `${home}/sign-in` },
    { ...shared, client_id: 'garden-without-home' },
  );
});

afterAll(() => server.close());

const uncertain: readonly (readonly [string, Change, string])[] = [
  ['no client_id', { client_id: undefined }, 'invalid_request'],
  ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
  ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
  ['a foreign redirect_uri', { redirect_uri: 'https://evil.example.test/' }, 'invalid_redirect_uri'],
  ['form_post', { response_mode: 'form_post' }, 'invalid_request'],
  [
    'a reference to nothing',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x', redirect_uri: undefined },
    'invalid_request_uri',
  ],
];

describe('a request with', () => {
  test.for(uncertain)('%s ends on a page for a person', async ([, change, error]) => {
    expectPage(await ask(server, change), error);
  });

  test.for(uncertain)('%s ends on a page for whoever takes anything', async ([, change, error]) => {
    expectPage(await ask(server, change, [], { Accept: '*/*' }), error);
  });

  test.for(uncertain)('%s is answered in JSON to a program', async ([, change, error]) => {
    const page = await ask(server, change, [], { Accept: 'application/json' });
    expect(page).toMatchObject({ status: 400, location: undefined });
    expect(page.headers.get('content-type')).toMatch(/^application\/json\b/);
    const body = JSON.parse(page.html) as Record<string, unknown>;
    expect(body).toMatchObject({ error });
    expect(body).not.toHaveProperty('code');
    expectGuarded(page);
  });
});

describe('an error page', () => {
  test('IN-05 says in plain words what happened and what to do, and has a number that the log knows', async () => {
    const page = await ask(server, { client_id: 'nobody' });
    const [, incident] = /assent-code">([0-9a-f-]{36})</.exec(page.html) ?? [];
    expect(incident).toBeDefined();
    expect(server.logLines.filter((line) => line.includes(String(incident)))).toHaveLength(1);
    expect(page.html.match(/<h2/g)?.length).toBeGreaterThanOrEqual(1);
  });

  test.for([
    ['garden', home],
    ['garden-start', `${home}/sign-in`],
  ] as const)('of %s leads back to the application', async ([clientId, uri]) => {
    const page = await ask(server, { client_id: clientId, redirect_uri: 'https://evil.example.test/' });
    expectPage(page, 'invalid_redirect_uri');
    expect(page.html).toContain(`href="${uri}"`);
    expect(page.html).not.toContain('href="https://evil.example.test');
  });

  test('AD-03 writes the name of the application as text', async () => {
    const page = await ask(server, { client_id: 'garden', redirect_uri: 'https://evil.example.test/' });
    expect(page.html).toContain('Garden &lt;b&gt;&amp; Co&lt;/b&gt;');
    expect(page.html).not.toContain('<b>');
  });

  test('of an application that named no home leads nowhere', async () => {
    const page = await ask(server, {
      client_id: 'garden-without-home',
      redirect_uri: 'https://evil.example.test/',
    });
    expectPage(page, 'invalid_redirect_uri');
    expect(page.html).not.toContain('garden.example.test');
  });

  test('AD-03 repeats nothing of the request as mark-up', async () => {
    const script = '"><script>alert(1)</script>';
    for (const name of ['client_id', 'redirect_uri', 'scope', 'state', 'response_mode', 'request_uri']) {
      const page = await ask(server, { client_id: 'nobody', [name]: script });
      expectPage(page, page.html.includes('invalid_client') ? 'invalid_client' : 'invalid_request');
      expect(page.html).not.toContain('alert(1)</script>');
    }
  });

  test('is shown for an interaction that is over, was never there, or is of another browser', async () => {
    const begun = await ask(server);
    const { location = '' } = begun;
    for (const url of [location, `${issuer}/interaction/${'x'.repeat(43)}`, `${issuer}/interaction/x`]) {
      const page = await createVisitor(issuer).get(url);
      expect(page).toMatchObject({ status: 400, location: undefined });
      expectGuarded(page);
    }
  });

  test.for(['/auth/', '/auth/x', `/auth/${'x'.repeat(43)}`, "/auth/'%20OR%201=1"])(
    'is shown at %s, where nothing was begun',
    async (path) => {
      const page = await createVisitor(issuer).get(path);
      expect(page).toMatchObject({ status: 400, location: undefined });
      expect(page.headers.get('content-type')).toMatch(/^text\/html\b/);
      expectGuarded(page);
    },
  );

  test('is shown in another spelling of the address, too', async () => {
    for (const path of [
      '/AUTH',
      '/Auth/',
      '/auth/?client_id=nobody',
      '/auth?client_id=nobody&client_id=nobody',
    ]) {
      const page = await createVisitor(issuer).get(path);
      expect(page).toMatchObject({ status: 400, location: undefined });
      expectGuarded(page);
    }
  });

  test('is shown for an address without a page', async () => {
    for (const path of ['/nothing', '/auth/x/y', '/authx', '/session']) {
      const page = await createVisitor(issuer).get(path);
      expect(page).toMatchObject({ status: 404, location: undefined });
      expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(page.headers.get('x-frame-options')).toBe('DENY');
    }
  });
});

test('nobody who is signed in is signed out by a request that goes wrong', async () => {
  const { visitor } = await authorise(server);
  for (const [, change] of uncertain) {
    expect((await visitor.get(authorisationRequest(issuer, change).url)).status).toBe(400);
  }
  const { response } = await authorise(server, { visitor, change: { prompt: 'none' } });
  expect(response.get('code')).not.toBeNull();
});
