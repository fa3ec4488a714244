import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, authorise, createVisitor } from '../../support/visitor.ts';
import { ask, expectAsked, expectPage, expectRedirect } from './answers.ts';
import { push } from './pushing.ts';

/** Codes go to registered addresses, compared character by character (RU-01, RFC 9700 section 2.1). */

const registered = 'https://app.fernhill.example.test/callback?tenant=a';
const secret = 'secret-of-the-exact-application';

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const shared = {
    grant_types: ['authorization_code'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(
    server,
    { ...shared, client_id: 'exact', client_secret: secret, redirect_uris: [registered] },
    {
      ...shared,
      client_id: 'exact-page',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://app.fernhill.example.test', 'https://other.fernhill.example.test/cb'],
    },
  );
});

afterAll(() => server.close());

const almost: readonly (readonly [what: string, uri: string])[] = [
  ['a slash at the end of the path', 'https://app.fernhill.example.test/callback/?tenant=a'],
  ['a slash at the end', `${registered}/`],
  ['the path doubled', 'https://app.fernhill.example.test/callback/callback?tenant=a'],
  ['two slashes', 'https://app.fernhill.example.test//callback?tenant=a'],
  ['a longer path', 'https://app.fernhill.example.test/callback/x?tenant=a'],
  ['a shorter path', 'https://app.fernhill.example.test/callbac?tenant=a'],
  ['the path in capitals', 'https://app.fernhill.example.test/CALLBACK?tenant=a'],
  ['the host in capitals', 'https://APP.fernhill.example.test/callback?tenant=a'],
  ['the scheme in capitals', 'HTTPS://app.fernhill.example.test/callback?tenant=a'],
  ['the default port', 'https://app.fernhill.example.test:443/callback?tenant=a'],
  ['another port', 'https://app.fernhill.example.test:8443/callback?tenant=a'],
  ['an encoded character', 'https://app.fernhill.example.test/%63allback?tenant=a'],
  ['an encoded slash', 'https://app.fernhill.example.test%2fcallback?tenant=a'],
  ['a dot segment', 'https://app.fernhill.example.test/./callback?tenant=a'],
  ['dot segments there and back', 'https://app.fernhill.example.test/callback/../callback?tenant=a'],
  ['dot segments out of it', `${registered}/../../evil`],
  ['encoded dot segments', 'https://app.fernhill.example.test/x/%2e%2e/callback?tenant=a'],
  ['a user name', 'https://evil@app.fernhill.example.test/callback?tenant=a'],
  ['the host as user name', 'https://app.fernhill.example.test@evil.example.test/callback?tenant=a'],
  ['a fragment', `${registered}#x`],
  ['an empty fragment', `${registered}#`],
  ['no query', 'https://app.fernhill.example.test/callback'],
  ['another query', 'https://app.fernhill.example.test/callback?tenant=b'],
  ['more in the query', `${registered}&next=https://evil.example.test`],
  ['a subdomain', 'https://evil.app.fernhill.example.test/callback?tenant=a'],
  ['the domain above', 'https://fernhill.example.test/callback?tenant=a'],
  ['a longer host', 'https://app.fernhill.example.test.evil.example.test/callback?tenant=a'],
  ['a host with a dot behind', 'https://app.fernhill.example.test./callback?tenant=a'],
  ['a host that ends in the same way', 'https://evil-app.fernhill.example.test/callback?tenant=a'],
  ['http', 'http://app.fernhill.example.test/callback?tenant=a'],
  ['another scheme', 'com.example:/callback?tenant=a'],
  ['a script', "javascript:alert('https://app.fernhill.example.test/callback?tenant=a')"],
  ['data', 'data:text/html,<script>alert(1)</script>'],
  ['a backslash', 'https://app.fernhill.example.test\\callback?tenant=a'],
  ['a backslash and another host', 'https://evil.example.test\\@app.fernhill.example.test/callback?tenant=a'],
  ['a space in front', ` ${registered}`],
  ['a space behind', `${registered} `],
  ['a line end', `${registered}\r\nX: y`],
  ['a tab inside', 'https://app.fernhill.example.test/call\tback?tenant=a'],
  ['a path parameter', 'https://app.fernhill.example.test/callback;x=y?tenant=a'],
  ['a wildcard', 'https://*.fernhill.example.test/callback?tenant=a'],
  ['a letter that looks alike', 'https://аpp.fernhill.example.test/callback?tenant=a'],
  ['no scheme', '//app.fernhill.example.test/callback?tenant=a'],
  ['no host', '/callback?tenant=a'],
  ['the address of another client', 'http://127.0.0.1:8090/cb'],
  ['two addresses in one', `${registered},https://evil.example.test`],
];

const change = (redirectUri: string) => ({
  client_id: 'exact',
  redirect_uri: redirectUri,
  scope: 'launch/patient patient/Patient.rs',
});

describe('RU-01 the registered address', () => {
  test('is where the code goes, beside what its query has', async () => {
    const { response } = await authorise(server, { change: change(registered) });
    expect([response.get('tenant'), response.get('iss')]).toEqual(['a', issuer]);
  });

  test('is where an error goes, beside what its query has', async () => {
    const page = await ask(server, { ...change(registered), scope: 'everything', state: 's' });
    const expected = { issuer, error: 'invalid_scope', state: 's' };
    const redirectUri = 'https://app.fernhill.example.test/callback';
    expect(expectRedirect(page, { ...expected, redirectUri }).get('tenant')).toBe('a');
  });
});

describe('RU-01 an address that is almost the registered one:', () => {
  test.for(almost)('%s', async ([, uri]) => {
    const page = await ask(server, change(uri));
    expectPage(page, 'invalid_redirect_uri');
  });

  test.for(almost)('%s, with a second fault that would be sent back', async ([, uri]) => {
    const page = await ask(server, { ...change(uri), scope: 'everything', response_type: 'token' });
    expect(page).toMatchObject({ status: 400, location: undefined });
  });

  test.for(almost)('%s, pushed', async ([, uri]) => {
    const { status, body } = await push(server, change(uri), { credentials: ['exact', secret] });
    expect(status).toBe(400);
    expect(['invalid_request', 'invalid_redirect_uri']).toContain(body.error);
  });

  test.for(almost)('%s, by POST', async ([, uri]) => {
    const { parameters } = authorisationRequest(issuer, change(uri));
    const visitor = createVisitor(issuer);
    const first = await visitor.post('/auth', Object.entries(parameters));
    expectPage(await visitor.follow(first), 'invalid_redirect_uri');
  });
});

describe('RU-01 an address that is left out', () => {
  test.for([undefined, ''])('%j is on a page, though the client has one address only', async (none) => {
    expectPage(await ask(server, { ...change(registered), redirect_uri: none }), 'invalid_request');
  });
});

test('RU-01 a host alone is registered with and without its slash as it stands there', async () => {
  const scope = 'launch/patient patient/Patient.rs';
  const at = (uri: string) => ask(server, { client_id: 'exact-page', redirect_uri: uri, scope });
  expectAsked(await at('https://app.fernhill.example.test'), issuer);
  expectPage(await at('https://app.fernhill.example.test/'), 'invalid_redirect_uri');
  expectPage(await at('https://app.fernhill.example.test?'), 'invalid_redirect_uri');
});
