import { expect, test } from 'vitest';
import { type ScopeFamily, scopeWords } from '../../../src/scopes/index.ts';
import { createLanding } from '../../../src/web/landing.ts';
import { english, pages } from '../../support/english.ts';
import { get } from './get.ts';
import { demoModel, productionModel } from './model.ts';

const { render, translate, words } = english;

const evil = `<script>alert("1")</script>'&`;
const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;';

test('AD-03 a value in a variable and a value in a sentence are escaped, once', () => {
  const html = render('landing.njk', {
    ...demoModel,
    version: evil,
    clients: demoModel.clients.map((client) => ({ ...client, organization: evil, scopes: evil })),
    apis: demoModel.apis.map((api) => ({ ...api, id: evil, audience: evil })),
    commands: [{ title: 'landing.command.token', command: evil }],
  });
  expect(html).not.toContain('<script');
  expect(html).not.toContain('&amp;lt;');
  expect(html).toContain(`Assent version ${escaped}`);
  expect(html).toContain(`Scopes of ${escaped}`);
});

test('a value cannot call up another sentence', () => {
  expect(translate('landing.version', { version: '$t(layout.name) {{version}}' })).toBe(
    'Assent version $t(layout.name) {{version}}',
  );
});

test('text outside HTML is not escaped', () => {
  expect(translate('landing.version', { version: evil })).toBe(`Assent version ${evil}`);
});

test('plurals follow the count', () => {
  expect(translate('landing.apis.scopes', { count: 1, api: 'x' })).toBe('See its 1 scope (x)');
  expect(translate('landing.apis.scopes', { count: 2, api: 'x' })).toBe('See its 2 scopes (x)');
});

test('a missing key, a group of keys, a missing value and an undefined variable throw', () => {
  expect(() => translate('landing.nothing')).toThrow('No sentence for landing.nothing');
  expect(() => translate('landing.demo')).toThrow('landing.demo is a group');
  expect(() => translate('landing.version')).toThrow('No value for {{version}}');
  expect(() => render('landing.njk', { ...demoModel, version: undefined })).toThrow();
  expect(() =>
    render('landing.njk', { ...demoModel, commands: [{ title: 'no.such', command: 'x' }] }),
  ).toThrow('No sentence for no.such');
});

test('the words for a scope have the plain name of what it is about, or the FHIR name where there is none', () => {
  const see = (resource: string) =>
    words({ key: 'scope.user.read', values: { resource, resourceKey: `resource.${resource}` } });
  expect(see('Flag')).toBe('See the support needs that you may see');
  expect(see('Basic')).toBe('See the Basic that you may see');
});

test.each<[ScopeFamily, string, string]>([
  ['spine', 'system/Flag.read', 'See people’s support needs when nobody is signed in'],
  ['spine', 'patient/*.write', 'Add to or change one person’s whole health record'],
  ['gp-connect', 'patient/*.read', 'See one patient’s record at the surgery'],
  ['gp-connect', 'organization/*.write', 'Change details of the surgery and its staff'],
  ['gp-connect', 'conf/R', 'See information that is kept extra private, too'],
  ['plain', 'admin.read', 'Use what the API calls “admin.read”'],
])('%s scope %s has words', (family, text, expected) => {
  expect(words(scopeWords(family, text) ?? { key: '', values: {} })).toBe(expected);
});

test.each(['openid', 'profile', 'email', 'address', 'phone', 'offline_access'])('%s has words', (text) => {
  expect(words(scopeWords('oidc', text) ?? { key: '', values: {} })).not.toBe('');
});

test('the first page is made anew on each visit', async () => {
  let visits = 0;
  const landing = createLanding({
    ...pages,
    model: async () => ({ ...demoModel, version: `0.${++visits}` }),
  });
  const answer = await get(landing, '/');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await (await get(landing, '/')).text()).toContain('Assent version 0.2');
  expect((await get(landing, '/other')).status).toBe(404);
});

test('IN-05 in production it shows neither commands, nor keys, APIs, clients or the version', () => {
  const html = render('landing.njk', productionModel);
  expect(html).toContain('href="/.well-known/openid-configuration"');
  expect(html).toContain('href="/health/ready"');
  for (const absent of ['<pre', '<table', 'fictional', '/jwks', productionModel.version]) {
    expect(html).not.toContain(absent);
  }
});
