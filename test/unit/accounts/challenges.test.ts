import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChallenges, type Occasion } from '../../../src/accounts/challenges.ts';

const at = (seconds: number) => ({ now: () => new Date(seconds * 1000), seconds: () => seconds });
const start = 1_800_000_000;
const key = 'a key of which nobody knows anything';
const made = createChallenges({ key, clock: at(start) });
const occasion: Occasion = { ceremony: 'get', page: 'page', accountId: undefined };

describe('a challenge', () => {
  test('is good for five minutes, where it was made', () => {
    const challenge = made.create(occasion);
    expect(made.expiry(challenge, occasion)).toEqual(new Date((start + 300) * 1000));
    const later = (seconds: number) => createChallenges({ key, clock: at(start + seconds) });
    expect(later(299).expiry(challenge, occasion)).toBeDefined();
    expect(later(300).expiry(challenge, occasion)).toBeUndefined();
  });

  test('is never the same twice', () => {
    const all = Array.from({ length: 200 }, () => Buffer.from(made.create(occasion)).toString('hex'));
    expect(new Set(all).size).toBe(200);
  });

  const others: Occasion[] = [
    { ...occasion, ceremony: 'create' },
    { ...occasion, page: 'another' },
    { ...occasion, accountId: 'aroha' },
    // Members are told apart: what one says, another cannot.
    { ...occasion, page: 'page","' },
  ];
  test.each(others)('is none elsewhere: %j', (other) => {
    expect(made.expiry(made.create(occasion), other)).toBeUndefined();
  });

  test('is none under another key, shorter, longer, or with any bit changed', () => {
    const challenge = made.create(occasion);
    const stranger = createChallenges({ key: 'another key', clock: at(start) });
    expect(stranger.expiry(challenge, occasion)).toBeUndefined();
    expect(made.expiry(challenge.slice(0, -1), occasion)).toBeUndefined();
    expect(made.expiry(Uint8Array.of(...challenge, 0), occasion)).toBeUndefined();
    expect(made.expiry(new Uint8Array(0), occasion)).toBeUndefined();
    fc.assert(
      fc.property(fc.nat(challenge.length * 8 - 1), (bit) => {
        const changed = Uint8Array.from(challenge);
        const byte = Math.floor(bit / 8);
        changed[byte] = (changed[byte] ?? 0) ^ (1 << (bit % 8));
        expect(made.expiry(changed, occasion)).toBeUndefined();
      }),
    );
  });
});
