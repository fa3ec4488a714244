import { describe, expect, test } from 'vitest';
import { createCanaries } from '../../support/canary/index.ts';

const password = 'kererū "sings" at dawn, 9 times';

describe('a canary is found', () => {
  test.each([
    ['as it is', `{"password":${password}}`],
    ['in an address', `/token?password=${encodeURIComponent(password)}&x=1`],
    ['in a form', new URLSearchParams({ password, x: '1' }).toString()],
    ['in JSON', JSON.stringify({ password })],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ x: password.replaceAll('"', '') }))],
    ['in hexadecimal', Buffer.from(`x${password}x`).toString('hex')],
    ['as base64', Buffer.from(password).toString('base64')],
    ['as base64 behind a name', Buffer.from(`kete-web:${password}`).toString('base64')],
    ['as base64 behind a longer name', Buffer.from(`ward-apps:${password}`).toString('base64')],
    ['as base64url', Buffer.from(`{"p":"${password}"}`).toString('base64url')],
  ])('%s', (_what, text) => {
    const canaries = createCanaries();
    canaries.keep('password', password);
    canaries.keep('password without quotation marks', password.replaceAll('"', ''));
    expect(canaries.foundIn(`before ${text} after`)).not.toEqual([]);
  });

  test('in the parts of a token', () => {
    const canaries = createCanaries();
    canaries.keepJwt('token', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhcm9oYSJ9.c2lnbmF0dXJl');
    expect(canaries.foundIn('{"claims":"eyJzdWIiOiJhcm9oYSJ9"}')).toEqual([
      'claims of token (as it is): eyJzdWIiOiJhcm9oYSJ9',
    ]);
  });
});

test('nothing is found where nothing is', () => {
  const canaries = createCanaries();
  canaries.make('secret');
  canaries.keep('too short to be remembered', 'p-1');
  canaries.keep('nothing', undefined);
  expect(canaries.count()).toBe(1);
  expect(canaries.foundIn('{"level":30,"subject":"p-1","msg":"canary"}')).toEqual([]);
});
