import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, basic, eventually, form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest } from '../../support/visitor.ts';
import { begin, beginSignedIn } from '../pages/steps.ts';

/** What errors tell whoever provokes them. */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const broken = ['%', '%ff', '%00', '..%2f..%2fpackage.json', `'%20OR%201=1`, '__proto__', 'x'.repeat(3000)];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const places = [
  ...['/', '/auth', '/auth/x', '/token', '/request', '/me', '/jwks', '/session/end', '/session/end/confirm'],
  ...[
    '/session/end/success',
    '/token/introspection',
    '/token/revocation',
    '/.well-known/openid-configuration',
  ],
  ...[
    '/.well-known/smart-configuration',
    '/interaction/x',
    '/interaction/x/sign-in',
    '/assets/x',
    '/health/x',
  ],
  ...[
    '/demo',
    '/demo/callback',
    '/demo/connect',
    '/demo/fhir/r4/Patient',
    '/demo/fhir/r4/x',
    '/nowhere',
    '/metrics',
  ],
];

/** Requests that are answered with some error, each for another reason. */
const requests: readonly (readonly [string, Sent])[] = [
  ...places.flatMap((path) =>
    methods.flatMap((method) =>
      ['text/html', 'application/json', 'image/png'].map((Accept): [string, Sent] => [
        `${method} ${path} as ${Accept}`,
        { method, path, headers: { Accept } },
      ]),
    ),
  ),
  ...['/', '/auth/', '/interaction/', '/assets/', '/demo/fhir/r4/', '/demo/', '/health/', '/token/'].flatMap(
    (folder) => broken.map((name): [string, Sent] => [folder + name, { method: 'GET', path: folder + name }]),
  ),
  ['another Host', { method: 'GET', path: '/', headers: { Host: 'evil.example.test' } }],
  ['a token request of nobody', form(grant)],
  ['a token request with a wrong secret', form(grant, basic('clinic-backend', 'wrong'))],
  ['an unknown grant', form({ grant_type: 'magic' }, clinic)],
  ['an unknown scope', form({ ...grant, scope: `system/Flag.read '"<script>` }, clinic)],
  ['JSON for a form', { headers: { 'Content-Type': 'application/json', ...clinic }, body: '{' }],
  ['a form that cannot be unpacked', form(grant, { ...clinic, 'Content-Encoding': 'gzip' })],
  ['a bearer that is none', { method: 'GET', path: '/me', headers: { Authorization: 'Bearer x.y.z' } }],
  ['a search that is none', { method: 'GET', path: '/demo/fhir/r4/Patient?_count=x&_sort=x' }],
];

const words = [
  /\b(node_modules|pglite|postgres|knex|koa|oidc-provider|undici|redis|nunjucks|ioredis|pino)\b/i,
  /\bat .+:\d+:\d+|\.[jt]s:\d|\.njk\b|\[object|\bTypeError\b|\bReferenceError\b|\bSyntaxError\b/,
  /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) .+(FROM|SET|VALUES|WHERE)\b|SQLSTATE|oidc_artefacts|audit_events/,
  /\b\d+\.\d+\.\d+\b/,
];

/** Neither the headers of an answer nor an error says what it is made of. */
function expectSilence(story: string, { status, headers, body }: Answer): void {
  for (const name of ['x-powered-by', 'server', 'via', 'x-aspnet-version', 'x-runtime', 'x-koa'])
    expect([story, name, headers[name]]).toEqual([story, name, undefined]);
  if (status < 400) return;
  const found = words.map((word) => word.exec(body)?.[0]).filter((one) => one !== undefined);
  expect([story, found]).toEqual([story, []]);
}

describe('IN-05 an error', () => {
  test('says nothing about the inside, whatever provoked it, and is no fault of the server', async () => {
    for (const [story, sent] of requests) {
      const answer = await send(server, sent);
      expectSilence(story, answer);
      expect([story, answer.status]).toEqual([story, expect.toSatisfy((status: number) => status < 500)]);
    }
  });

  test('has an identifier, which the log has too', async () => {
    for (const [, sent] of requests.slice(-9)) {
      const id = (await send(server, sent)).headers['x-correlation-id'];
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
    }
    const page = await send(server, { method: 'GET', path: '/auth', headers: { Accept: 'text/html' } });
    const incident = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(page.body)?.[0] ?? 'none';
    expect(server.logLines.some((line) => line.includes(incident))).toBe(true);
  });
});

/** Tables that are away, so that every statement on them is a fault that nobody foresaw. */
const tables = ['oidc_artefacts', 'clients', 'accounts', 'audit_events', 'consents'];

describe('IN-05 a fault of the server', () => {
  test.for(tables)('without the table %s: a general sentence and an identifier', async (table) => {
    const { visitor, page } = await begin(server);
    const { visitor: person, page: consent } = await beginSignedIn(server, { change: { prompt: 'consent' } });
    const { search } = new URL(authorisationRequest(server.issuer).url);
    await server.sql(`ALTER TABLE ${table} RENAME TO away`);
    try {
      const html = { Accept: 'text/html' };
      const cookie = (path: string, of = visitor) => ({ Cookie: of.cookies(path).join('; '), ...html });
      const [signIn, decision] = [page, consent].map(({ url }) => new URL(url).pathname);
      const provoked: readonly (readonly [string, Sent])[] = [
        ['token', form(grant, clinic)],
        ['code', form({ grant_type: 'authorization_code', code: 'x'.repeat(43), redirect_uri: 'x' }, clinic)],
        ['refresh', form({ grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }, clinic)],
        ['introspection', { ...form({ token: 'x'.repeat(43) }, clinic), path: '/token/introspection' }],
        ['revocation', { ...form({ token: 'x'.repeat(43) }, clinic), path: '/token/revocation' }],
        ['request', { ...form({ client_id: 'x' }, clinic), path: '/request' }],
        ['userinfo', { method: 'GET', path: '/me', headers: { Authorization: `Bearer ${'x'.repeat(43)}` } }],
        ['authorisation', { method: 'GET', path: `/auth${search}`, headers: html }],
        [
          'authorisation, signed in',
          { method: 'GET', path: `/auth${search}`, headers: cookie('/auth', person) },
        ],
        ['authorisation, by a program', { method: 'GET', path: `/auth${search}` }],
        ['sign-in page', { method: 'GET', path: signIn, headers: cookie(signIn ?? '') }],
        ['sign-in form', { ...form({ identifier: 'x' }, cookie(signIn ?? '')), path: `${signIn}/sign-in` }],
        ['consent page', { method: 'GET', path: decision, headers: cookie(decision ?? '', person) }],
        ['sign-out', { method: 'GET', path: '/session/end', headers: cookie('/', person) }],
        ['first page', { method: 'GET', path: '/', headers: html }],
        ['FHIR', { method: 'GET', path: '/demo/fhir/r4/Patient', headers: { Authorization: 'Bearer x' } }],
      ];
      let faults = 0;
      for (const [story, sent] of provoked) {
        const answer = await send(server, sent);
        expectSilence(`${story} without ${table}`, answer);
        if (answer.status < 500) continue;
        expect(answer.body).not.toMatch(/relation|does not exist|access_token|away/);
        faults += 1;
        expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
        expect(answer.headers['cache-control'], story).toBe('no-store');
      }
      expect(faults).toBeGreaterThan(0);
    } finally {
      await server.sql(`ALTER TABLE away RENAME TO ${table}`);
    }
    const well = async () => ((await send(server, form(grant, clinic))).status === 200 ? true : undefined);
    expect(await eventually(well)).toBe(true);
  });
});

describe('IN-05 nothing is left lying about:', () => {
  test.for([
    ...['/package.json', '/package-lock.json', '/.env', '/.git/config', '/src/main.ts', '/data/master.key'],
    ...[
      '/views/sign-in/consent.njk',
      '/locales/en.json',
      '/docs/',
      '/assets/',
      '/assets/main.css.map',
      '/swagger.json',
    ],
    ...['/debug', '/status', '/console', '/actuator', '/phpinfo.php', '/server-status', '/.well-known/'],
    // What the library would have, were it let.
    ...[
      '/reg',
      '/device',
      '/backchannel',
      '/token/challenge',
      '/interaction/x/login',
      '/interaction/x/confirm',
    ],
  ])('%s: 404', async (path) => {
    for (const method of ['GET', 'POST']) {
      const answer = await send(server, { method, path });
      expect([method, answer.status]).toEqual([method, 404]);
    }
  });

  test('no sheet or script names its source', async () => {
    const first = await (await fetch(server.issuer)).text();
    const names = [...first.matchAll(/\/assets\/[^"]+/g)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const file = await (await fetch(`${server.issuer}${name}`)).text();
      expect(file.includes('sourceMappingURL')).toBe(false);
    }
  });

  test('without the demonstration there is none of it', async () => {
    const plain = await startServer({ DEMO: '0' });
    try {
      for (const path of ['/demo', '/demo/fhir/r4/metadata', '/demo/connect', '/demo/record'])
        expect(await send(plain, { method: 'GET', path })).toMatchObject({ status: 404 });
    } finally {
      await plain.close();
    }
  });
});
