import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorise,
  createVisitor,
  formsOf,
  formTo,
  type Page,
  signIn,
  type Visitor,
} from '../../support/visitor.ts';
import { begin, beginSignedIn } from '../pages/steps.ts';

let server: TestServer;
let authorised: Authorised;

beforeAll(async () => {
  server = await startServer();
  authorised = await authorise(server);
});
afterAll(() => server.close());

/** No page of another site can show this answer in a frame, and no script runs in it but files of our own. */
function expectUnframed(story: string, { headers }: Pick<Page, 'headers'>): void {
  const policy = headers.get('content-security-policy') ?? '';
  const policies = policy.split(';').map((one) => one.trim());
  expect([story, policies]).toEqual([story, expect.arrayContaining(["frame-ancestors 'none'"])]);
  expect([story, headers.get('x-frame-options')]).toEqual([story, 'DENY']);
  expect([story, headers.get('x-content-type-options')]).toEqual([story, 'nosniff']);
  expect([story, /unsafe-|script-src (?!'(?:none|self)'(?:;|$))/.exec(policy)?.[0]]).toEqual([
    story,
    undefined,
  ]);
}

const isHtml = ({ headers }: Pick<Page, 'headers'>) => headers.get('content-type')?.includes('html') === true;

const paths = [
  ...['/', '/auth', '/auth/x', '/token', '/token/', '/Token', '/request', '/me', '/jwks', '/session/end'],
  ...[
    '/session/end/confirm',
    '/session/end/success',
    '/token/introspection',
    '/token/revocation',
    '/nowhere',
  ],
  ...['/.well-known/openid-configuration', '/.well-known/smart-configuration', '/.well-known/x', '/metrics'],
  ...['/interaction/x', '/interaction/x/sign-in', '/interaction/x/consent', '/interaction/x/role'],
  ...[
    '/interaction/x/cancel',
    '/interaction',
    '/assets/x',
    '/assets/',
    '/health/live',
    '/health/x',
    '/%',
    '/%ff',
  ],
  ...['/demo', '/demo/', '/demo/callback', '/demo/callback?error=access_denied&state=x', '/demo/record'],
  ...['/demo/connect', '/demo/refresh', '/demo/disconnect', '/demo/sign-out', '/demo/nowhere', '/demo/fhir'],
];

describe('CO-01 an answer in HTML cannot be framed', () => {
  test.for(paths)('at %s, with any method, by anybody and by who is signed in', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      for (const cookies of [[], authorised.visitor.cookies(path)])
        for (const site of ['same-origin', 'cross-site']) {
          const answer = await fetch(`${server.issuer}${path}`, {
            method,
            headers: { Accept: 'text/html', 'Sec-Fetch-Site': site, Cookie: cookies.join('; ') },
            redirect: 'manual',
          });
          await answer.arrayBuffer();
          if (isHtml(answer)) expectUnframed(`${method} ${path} ${answer.status}`, answer);
        }
    }
  });

  /** A browser for which every answer is looked at, redirects included. */
  function looking(): Visitor {
    const inner = createVisitor(server.issuer);
    const look = (page: Page) => {
      if (isHtml(page)) expectUnframed(page.url, page);
      expect(page.html).not.toMatch(/<script(?! src="\/assets\/)/);
      return page;
    };
    const visitor: Visitor = {
      ...inner,
      get: async (...request) => look(await inner.get(...request)),
      post: async (...request) => look(await inner.post(...request)),
      async follow(page) {
        let here = page;
        while (here.location?.startsWith(`${server.issuer}/`)) here = await visitor.get(here.location);
        return here;
      },
    };
    return visitor;
  }

  test('on the whole way through Kete Health: connect, sign in, allow, read, disconnect', async () => {
    const visitor = looking();
    const press = async (page: Page, ending: string) => {
      const { action, fields } = formTo(page, ending);
      return visitor.follow(await visitor.post(action, fields));
    };
    const start = await visitor.get(`${server.issuer}/demo`);
    const consent = await signIn(visitor, await press(start, '/demo/connect'));
    const { action, fields } = formTo(consent, '/consent');
    const record = await visitor.follow(await visitor.post(action, [...fields, ['decision', 'allow']]));
    expect([record.status, isHtml(record), record.html.includes('/demo/disconnect')]).toEqual([
      200,
      true,
      true,
    ]);
    expect(formsOf(await press(record, '/demo/refresh')).length).toBeGreaterThan(0);
    const asked = await press(await visitor.get(`${server.issuer}/demo/record`), '/demo/sign-out');
    expect(asked.html).toContain('/session/end/confirm');
    const { fields: signOut } = formTo(asked, '/session/end/confirm');
    const out = await visitor.post('/session/end/confirm', [...signOut, ['logout', 'yes']]);
    expect((await visitor.follow(out)).status).toBe(200);
  });

  test('when more was asked for than the limit allows', async () => {
    const strict = await startServer({ RATE_LIMIT_PAGES: '2' });
    try {
      const tooMany = await eventually(async () => {
        const answer = await fetch(`${strict.issuer}/`, { headers: { Accept: 'text/html' } });
        await answer.arrayBuffer();
        return answer.status === 429 ? answer : undefined;
      });
      expect(isHtml(tooMany)).toBe(true);
      expectUnframed('429', tooMany);
    } finally {
      await strict.close();
    }
  });

  test('when the server fails', async () => {
    const [visitor, person] = [createVisitor(server.issuer), createVisitor(server.issuer)];
    const { page } = await begin(server, { visitor });
    const { page: consent } = await beginSignedIn(server, { visitor: person, change: { prompt: 'consent' } });
    await server.sql('ALTER TABLE oidc_artefacts RENAME TO away');
    try {
      for (const [who, url] of [
        [visitor, page.url],
        [person, consent.url],
        [person, `${server.issuer}/session/end`],
        [person, `${server.issuer}/auth?client_id=kete-web`],
      ] as const) {
        const answer = await who.get(url);
        if (isHtml(answer)) expectUnframed(`${url} ${answer.status}`, answer);
      }
    } finally {
      await server.sql('ALTER TABLE away RENAME TO oidc_artefacts');
    }
  });
});
