import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answererOf, endpointOf, groupOf, isForPeople, isForPrograms } from '../../../src/addresses/index.ts';
import { rows } from '../../../src/addresses/table.ts';

/** An address of the form of a row. */
const sample = (path: string) =>
  path
    .replace(/:[a-z]+/g, 'Zk3n')
    .replace(/^\*/, '/fhir')
    .replace(/\*$/, 'x/y/z');

describe('the table', () => {
  test.for(rows)(
    '%s: the row is the one that holds for its addresses',
    ([path, answers, readers, load, name, coming]) => {
      const at = sample(path);
      const found = [answererOf(at), isForPrograms(at), groupOf(at) ?? 'none', endpointOf(at)];
      if (coming) expect(found).toEqual(['provider', false, 'none', name]);
      else expect(found).toEqual([answers, readers === 'programs', load, name]);
    },
  );

  test('has every path once', () => {
    expect(new Set(rows.map(([path]) => path)).size).toBe(rows.length);
  });

  test.for(rows.filter(([, , , load]) => load !== 'none'))(
    '%s: more than the limit allows is said on a page to people, else as JSON',
    ([path, , readers, load, , coming]) => {
      expect(load === 'pages').toBe(readers === 'people');
      expect(isForPeople(sample(path))).toBe(readers === 'people' && coming === undefined);
    },
  );
});

test.for(['/auth/.well-known/x', '/fhir/.well-known/openid-configuration'])(
  '%s is asked for by programs, as every well-known address is',
  (path) => {
    expect([groupOf(path), isForPeople(path)]).toEqual(['endpoints', false]);
  },
);

describe('the endpoint under which an address is measured', () => {
  test.each([
    ['/', '/'],
    ['/token', '/token'],
    ['/TOKEN/', '/token'],
    ['/token?code=x', '/token'],
    ['/token/introspection', '/token/introspection'],
    ['/token/revocation', '/token/revocation'],
    ['/token/other', 'other'],
    ['/auth?client_id=kete-web', '/auth'],
    ['/auth/Zk3n', '/auth/:uid'],
    ['/interaction/Zk3n', '/interaction/:uid'],
    ['/interaction/Zk3n/sign-in', '/interaction/:uid'],
    ['/interaction/Zk3n/a/b', 'other'],
    ['/.well-known/openid-configuration', '/.well-known/openid-configuration'],
    ['/demo/fhir/r4/.well-known/smart-configuration', '/.well-known/smart-configuration'],
    ['/demo/fhir/r4/Patient/p-aroha', '/demo'],
    ['/demonstration', 'other'],
    ['/assets/assent.css', '/assets'],
    ['/health/ready', '/health/ready'],
    ['/developer/apps/1', '/pages'],
    ['/api/admin/v1/clients', '/api/admin'],
    ['http://localhost/token', 'other'],
    ['', 'other'],
    ['/wp-admin', 'other'],
  ])('%j is %s', (url, expected) => {
    expect(endpointOf(url)).toBe(expected);
  });

  test('is one of a few, whatever is asked for', () => {
    const segment = fc.oneof(fc.string(), fc.constantFrom('auth', 'token', 'interaction', 'demo', 'me'));
    const seen = new Set<string>();
    const urls = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(urls, (url) => {
        seen.add(endpointOf(url));
      }),
      { numRuns: 2000 },
    );
    expect(seen.size).toBeLessThanOrEqual(25);
  });
});

test.for([
  ['/', 'pages'],
  ['/auth', 'pages'],
  ['/auth/abc', 'pages'],
  ['/interaction/abc/sign-in', 'pages'],
  ['/session/end', 'pages'],
  ['/session/end/confirm', 'pages'],
  ['/token', 'endpoints'],
  ['/token/introspection', 'endpoints'],
  ['/token/revocation', 'endpoints'],
  ['/TOKEN', 'endpoints'],
  ['/token/', 'endpoints'],
  ['/Token/Introspection/', 'endpoints'],
  ['/AUTH', 'pages'],
  ['/request', 'endpoints'],
  ['/me', 'endpoints'],
  ['/jwks', 'endpoints'],
  ['/.well-known/openid-configuration', 'endpoints'],
  ['/demo/fhir/r4/.well-known/smart-configuration', 'endpoints'],
  ['/assets/app.css', undefined],
  ['/health/ready', undefined],
  ['/authority', undefined],
  ['/tokens', undefined],
  ['/token/other', undefined],
  ['/demo', undefined],
] as const)('%s is of the group %s', ([path, group]) => {
  expect(groupOf(path)).toBe(group);
});
