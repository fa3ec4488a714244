import * as client from 'openid-client';
import { expect, test } from 'vitest';
import { problem, problemOf } from '../../../src/demo/kete/problem.ts';

const answer = (error: string) =>
  new client.AuthorizationResponseError('refused', { cause: new URLSearchParams({ error }) });

const libraryError = (code: string) => Object.assign(new client.ClientError('as it says'), { code });

test.each<[string, unknown, string, string]>([
  ['a person’s no', answer('access_denied'), 'denied', 'access_denied'],
  ['a request that was refused', answer('invalid_scope'), 'mistake', 'invalid_scope'],
  ['no answer in time', libraryError('OAUTH_TIMEOUT'), 'unreachable', 'OAUTH_TIMEOUT'],
  [
    'an ID token for somebody else',
    libraryError('OAUTH_JWT_CLAIM_COMPARISON_FAILED'),
    'mistake',
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  ],
  ['no connection', new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }), 'unreachable', ''],
])('%s', (_title, error, kind, code) => {
  expect(problemOf(error)).toEqual({ kind, code, description: '' });
});

test.each([new TypeError('x is not a function'), new Error('other'), undefined, 'text'])(
  '%s is a fault of ours and explained to nobody',
  (error) => {
    expect(problemOf(error)).toBeUndefined();
  },
);

test('texts of the other side are cut to what fits on a page', () => {
  const { code, description } = problem('mistake', 'x'.repeat(5000), 'y'.repeat(5000));
  expect([code.length, description.length]).toEqual([300, 300]);
});
