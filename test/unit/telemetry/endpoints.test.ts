import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointOf, methodOf } from '../../../src/telemetry/endpoints.ts';

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

test('methods are those in use, and one name for the rest', () => {
  expect(['GET', 'PATCH', 'PROPFIND', 'get', undefined].map(methodOf)).toEqual([
    'GET',
    'PATCH',
    'other',
    'other',
    'other',
  ]);
});
