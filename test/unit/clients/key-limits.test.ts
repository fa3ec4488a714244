import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { isUsableKey, MOST_KEYS } from '../../../src/clients/index.ts';
import { jwksFaults } from '../../../src/clients/jwks.ts';

const jwkOf = (options: { modulusLength: number; publicExponent?: number }) =>
  generateKeyPairSync('rsa', options).publicKey.export({ format: 'jwk' }) as JWK;

const good = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JWK;

describe('keys that would cost the whole client, or every request, too much', () => {
  test.each<[string, JWK]>([
    ['an empty kid', { ...good, kid: '' }],
    ['an empty certificate', { ...good, x5c: [''] }],
    ['a kid that is a number', { ...good, kid: 5 as unknown as string }],
    ['an exponent of 3', jwkOf({ modulusLength: 2048, publicExponent: 3 })],
    [
      'an exponent as long as the modulus',
      { ...jwkOf({ modulusLength: 2048 }), e: Buffer.alloc(256, 0x55).toString('base64url') },
    ],
  ])('%s', async (_story, jwk) => {
    expect(await isUsableKey(jwk)).toBe(false);
    expect(await jwksFaults({ keys: [jwk] })).toHaveLength(1);
  });

  test('more keys than a client needs', async () => {
    const keys = Array.from({ length: MOST_KEYS + 1 }, () => good);
    expect(await jwksFaults({ keys })).toEqual([`jwks.keys holds more than ${MOST_KEYS} keys`]);
  });

  test('while a plain key is taken', async () => {
    expect(await isUsableKey(good)).toBe(true);
    expect(await jwksFaults({ keys: [{ ...good, kid: 'a' }] })).toEqual([]);
  });
});
