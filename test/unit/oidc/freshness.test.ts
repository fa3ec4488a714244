import { describe, expect, test } from 'vitest';
import { beganAt, freshnessOf, longestAge } from '../../../src/oidc/person/freshness.ts';

describe('for how long a sign-in counts', () => {
  const none = new Set<string>();
  test.each([
    ['nothing is asked', { prompts: none, maxAge: undefined, own: undefined }, undefined],
    ['max_age', { prompts: none, maxAge: '600', own: undefined }, 600],
    ['prompt=login', { prompts: new Set(['login']), maxAge: undefined, own: undefined }, 0],
    ['the least of both', { prompts: new Set(['consent']), maxAge: 600, own: 300 }, 300],
    ['prompt=login beside max_age', { prompts: new Set(['login']), maxAge: 600, own: 300 }, 0],
    ['a max_age that is no number', { prompts: none, maxAge: 'x', own: 300 }, 300],
  ])('%s', (_name, request, expected) => {
    expect(longestAge(request)).toBe(expected);
  });
});

test('it is judged from when the request began, with a minute for clocks that differ', () => {
  expect(freshnessOf(300, 1_000_000)).toEqual({ longest: 300, earliest: 1_000_000 - 360 });
});

test('a request begins with its first question, whichever is open', () => {
  expect(beganAt({ iat: 500 })).toBe(500);
  expect(beganAt({ iat: 500, lastSubmission: { login: { began: 400 } } })).toBe(400);
  expect(beganAt({ iat: 500, lastSubmission: {} })).toBe(500);
});
