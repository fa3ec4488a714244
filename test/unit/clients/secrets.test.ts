import { describe, expect, test } from 'vitest';
import { secretHash, secretMatches } from '../../../src/clients/index.ts';

const now = new Date('2026-06-01T12:00:00Z');
const valid = { hash: secretHash('the present secret'), expiresAt: undefined };
const leaving = { hash: secretHash('the old secret'), expiresAt: new Date('2026-06-01T12:00:01Z') };
const gone = { hash: secretHash('the older secret'), expiresAt: now };
const client = { secrets: [gone, leaving, valid] };

describe('a presented secret', () => {
  test.each(['the present secret', 'the old secret'])(
    'matches when it is one of the valid ones: %s',
    (secret) => {
      expect(secretMatches(client, secret, now)).toBe(true);
    },
  );

  test.each([
    ['another one', 'open sesame'],
    ['one that has expired this moment', 'the older secret'],
    ['nothing', ''],
    ['the hash itself', valid.hash],
    ['the right one with a space', 'the present secret '],
    ['the right one in capitals', 'THE PRESENT SECRET'],
  ])('does not match when it is %s', (_, secret) => {
    expect(secretMatches(client, secret, now)).toBe(false);
  });

  test('matches nothing of a client that has none', () => {
    expect(secretMatches({ secrets: [] }, '', now)).toBe(false);
  });

  test('matches no hash that is not one', () => {
    expect(secretMatches({ secrets: [{ hash: '', expiresAt: undefined }] }, '', now)).toBe(false);
  });
});
