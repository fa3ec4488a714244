import { afterAll, beforeAll, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, formTo, type Page, signIn } from '../../support/visitor.ts';
import { begin, beginSignedIn, ownScripts, press, visit } from './steps.ts';

let server: TestServer;

const name = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{ 7 * 7 }} {{client}} $t(form.back)`;

/** What must not stand in a page: the name as mark-up, or worked out as a template. */
function expectEscaped({ html }: Page): void {
  expect([html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'), html.includes('{{ 7 * 7 }}')]).toEqual([
    true,
    true,
  ]);
  expect(/<script|<img|<b>/.exec(html.replace(ownScripts, ''))?.[0]).toBeUndefined();
}

beforeAll(async () => {
  server = await startServer();
  await server.services.organizations.put(
    {
      key: 'quoted',
      name: '"Quoted" & <b>Sons</b>',
      odsCode: undefined,
      asid: undefined,
      kind: 'application maker',
    },
    { demo: false },
  );
  await register(server, {
    client_id: 'marked',
    client_name: name,
    client_uri: 'https://marked.example/?a=1&b="><script>alert(1)</script>',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://marked.example/cb'],
    post_logout_redirect_uris: ['https://marked.example/'],
    organization: 'quoted',
    apis: { 'demo-fhir': 'openid profile fhirUser launch/patient offline_access patient/*.rs' },
  });
});
afterAll(() => server.close());

const change = { client_id: 'marked', redirect_uri: 'https://marked.example/cb', prompt: 'consent' };

test('AD-03 the sign-in page, as it opens and with a problem', async () => {
  const { visitor, page } = await begin(server, { change });
  expectEscaped(page);
  expect(page.html).toContain('&quot;Quoted&quot; &amp; &lt;b&gt;Sons&lt;/b&gt;');
  expectEscaped(await signIn(visitor, page, { password: 'wrong' }));
});

test('AD-03 the consent page, as it opens and with a problem', async () => {
  const { visitor, page } = await beginSignedIn(server, { change });
  expectEscaped(page);
  const { fields } = formTo(page, '/consent');
  const none = fields.filter(([, value]) => !value.startsWith('patient/'));
  expectEscaped(await press(visitor, page, 'allow', none));
});

test('AD-03 the page of an account without a record', async () => {
  expectEscaped((await beginSignedIn(server, { change, identifier: 'dev@kete.example' })).page);
});

test('AD-03 an error page that leads back', async () => {
  const query = new URLSearchParams({ client_id: 'marked', redirect_uri: 'https://marked.example/other' });
  const page = await visit(server).get(`${server.issuer}/auth?${query}`);
  expect(page).toMatchObject({ status: 400, location: undefined });
  expect(/<script|<img/.exec(page.html.replace(ownScripts, ''))?.[0]).toBeUndefined();
});

test.for(['client_id', 'redirect_uri', 'error', 'scope', 'response_type', 'request_uri', 'ui_locales'])(
  'AD-03 mark-up in the parameter %s is not in the page as such',
  async (parameter) => {
    const query = new URLSearchParams({ client_id: 'kete-web', [parameter]: `"'><script>alert(1)</script>` });
    const page = await visit(server).get(`${server.issuer}/auth?${query}`);
    expect(/<script|"'>/.exec(page.html.replace(ownScripts, ''))?.[0]).toBeUndefined();
  },
);

test('AD-03 the pages of signing out', async () => {
  const { visitor } = await authorise(server, { visitor: visit(server), change });
  const query = new URLSearchParams({ client_id: 'marked', state: `"'><script>alert(1)</script>` });
  const page = await visitor.get(`${server.issuer}/session/end?${query}`);
  expectEscaped(page);
  const { action, fields } = formTo(page, '/session/end/confirm');
  const out = await visitor.follow(await visitor.post(action, [...fields, ['logout', 'yes']]));
  expect(out.html).toContain('You are signed out');
  expect(/<script|<img/.exec(out.html.replace(ownScripts, ''))?.[0]).toBeUndefined();
});

test('AD-03 mark-up that a person typed for her name', async () => {
  const { visitor, page } = await begin(server, { change });
  const identifier = `"'><script>alert(1)</script>{{ 7 * 7 }}`;
  const again = await signIn(visitor, page, { identifier, password: 'wrong' });
  expectEscaped(again);
  expect(again.html).toContain('value="&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}"');
});
