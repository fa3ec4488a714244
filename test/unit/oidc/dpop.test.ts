import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDpopCheck } from '../../../src/oidc/token/dpop.ts';

/** The check of proofs that grants of our own use (RFC 9449 section 4.3). */

const now = 1_790_000_000;
const clock = { now: () => new Date(now * 1000), seconds: () => now };
const issuer = 'https://auth.example.test';
const clinic = { clientId: 'gp-clinic' };

interface Pair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}
let pair: Pair;
let jwk: JWK;

beforeAll(async () => {
  pair = await generateKeyPair('ES256', { extractable: true });
  jwk = await exportJWK(pair.publicKey);
});

/** A request as far as the check looks at it. */
const carrying = (dpop: string) =>
  ({ get: (name: string) => (name.toLowerCase() === 'dpop' ? dpop : '') }) as KoaContextWithOIDC;

/** A check whose guard remembers what it was asked. */
function checker(at = issuer) {
  const taken: { id: string; expiresAt: Date }[] = [];
  const replayGuard = {
    async first(id: string, expiresAt: Date) {
      const fresh = !taken.some((one) => one.id === id);
      taken.push({ id, expiresAt });
      return fresh;
    },
  };
  return { check: createDpopCheck({ issuer: at, clock, replayGuard }), taken };
}

type Members = Readonly<Record<string, unknown>>;

async function proof(
  claims: Members = {},
  header: Members = {},
  signer: CryptoKey | Uint8Array = pair.privateKey,
) {
  const payload = { jti: 'one', htm: 'POST', htu: `${issuer}/token`, iat: now, ...claims };
  const usual = { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header };
  return new SignJWT(JSON.parse(JSON.stringify(payload)))
    .setProtectedHeader(JSON.parse(JSON.stringify(usual)))
    .sign(signer, { crit: { unheard: true } });
}

async function faultOf(dpop: string, at?: string): Promise<string> {
  const fault: unknown = await checker(at)
    .check(carrying(dpop), clinic)
    .catch((error: unknown) => error);
  if (!(fault instanceof errors.InvalidDpopProof))
    throw new Error(`expected a refusal, got ${String(fault)}`);
  return String(fault.error_description);
}

describe('a good proof', () => {
  test('names its key', async () => {
    const found = await checker().check(carrying(await proof()), clinic);
    expect(found?.thumbprint).toBe(await calculateJwkThumbprint(jwk));
  });

  test.for(['ES384', 'EdDSA', 'Ed25519'])('may be of %s', async (alg) => {
    const other = await generateKeyPair(alg, { extractable: true });
    const dpop = await proof({}, { alg, jwk: await exportJWK(other.publicKey) }, other.privateKey);
    expect(await checker().check(carrying(dpop), clinic)).toBeDefined();
  });

  test.for<[string, Members]>([
    ['has an htu with query and fragment', { htu: `${issuer}/token?a=b#c` }],
    ['has an htu in other letters and with its port', { htu: 'HTTPS://AUTH.example.test:443/x/../token' }],
    ['is 300 s old', { iat: now - 300 }],
    ['is 300 s ahead', { iat: now + 300 }],
    ['has a jti of 255 characters', { jti: 'x'.repeat(255) }],
    ['has an ath', { ath: 'x' }],
    ['has not expired', { exp: now + 1 }],
  ])('%s', async ([, claims]) => {
    expect(await checker().check(carrying(await proof(claims)), clinic)).toBeDefined();
  });

  test('is for an issuer with a path', async () => {
    const at = 'https://example.test/auth';
    const dpop = await proof({ htu: `${at}/token` });
    expect(await checker(at).check(carrying(dpop), clinic)).toBeDefined();
    expect(await faultOf(await proof({ htu: 'https://example.test/token' }), at)).toMatch(/htu/);
  });
});

describe('no proof', () => {
  test('is fine for a client that need not have one', async () => {
    expect(await checker().check(carrying(''), clinic)).toBeUndefined();
    expect(await checker().check(carrying(''), { ...clinic, dpopBoundAccessTokens: false })).toBeUndefined();
  });

  test('is refused to a client that demands it, as the library does', async () => {
    const attempt = checker().check(carrying(''), { ...clinic, dpopBoundAccessTokens: true });
    await expect(attempt).rejects.toThrow(errors.InvalidGrant);
    await expect(attempt).rejects.toMatchObject({ error_detail: 'DPoP proof JWT not provided' });
  });
});

describe('a proof is refused', () => {
  const secret = new TextEncoder().encode('a-secret-that-both-sides-could-know-of');

  test.for<[string, Members, RegExp]>([
    ['for GET', { htm: 'GET' }, /htm mismatch/],
    ['for post in small letters', { htm: 'post' }, /htm mismatch/],
    ['without htm', { htm: undefined }, /htm mismatch/],
    ['without htu', { htu: undefined }, /htu mismatch/],
    ['for another endpoint', { htu: `${issuer}/request` }, /htu mismatch/],
    ['for another host', { htu: 'https://evil.example.test/token' }, /htu mismatch/],
    ['for http', { htu: 'http://auth.example.test/token' }, /htu mismatch/],
    ['for another port', { htu: 'https://auth.example.test:8443/token' }, /htu mismatch/],
    ['for a user', { htu: 'https://a@auth.example.test/token' }, /htu mismatch/],
    ['for the path in capitals', { htu: `${issuer}/TOKEN` }, /htu mismatch/],
    ['for no address', { htu: '/token' }, /htu mismatch/],
    ['for a list', { htu: [`${issuer}/token`] }, /htu mismatch/],
    ['of 301 s ago', { iat: now - 301 }, /not recent enough/],
    ['of 301 s ahead', { iat: now + 301 }, /not recent enough/],
    ['without iat', { iat: undefined }, /iat number/],
    ['with a text as iat', { iat: String(now) }, /iat|binding/],
    ['without jti', { jti: undefined }, /jti string/],
    ['with an empty jti', { jti: '' }, /jti string/],
    ['with a number as jti', { jti: 1 }, /jti|binding/],
    ['with a jti without end', { jti: 'x'.repeat(256) }, /at most 255/],
    ['with U+0000 in its jti', { jti: 'a\u0000b' }, /control characters/],
    ['with a nonce', { nonce: 'x' }, /nonces are not supported/],
    ['with an empty nonce', { nonce: '' }, /nonces are not supported/],
    ['that has expired', { exp: now - 1 }, /binding/],
    ['that is not good yet', { nbf: now + 60 }, /binding/],
  ])('%s', async ([, claims, fault]) => {
    expect(await faultOf(await proof(claims))).toMatch(fault);
  });

  test.for<[string, () => Members | Promise<Members>]>([
    ['of typ JWT', () => ({ typ: 'JWT' })],
    ['without typ', () => ({ typ: undefined })],
    ['without a key', () => ({ jwk: undefined })],
    ['with a private key', async () => ({ jwk: await exportJWK(pair.privateKey) })],
    ['with a key for encryption', () => ({ jwk: { ...jwk, use: 'enc' } })],
    ['with a critical extension', () => ({ crit: ['unheard'], unheard: 1 })],
    [
      'with the key of somebody else',
      async () => ({ jwk: await exportJWK((await generateKeyPair('ES256')).publicKey) }),
    ],
  ])('%s', async ([, header]) => {
    expect(await faultOf(await proof({}, await header()))).toMatch(/binding/);
  });

  test('with HMAC and a shared key in it', async () => {
    const shared = { kty: 'oct', k: Buffer.from(secret).toString('base64url') };
    expect(await faultOf(await proof({}, { alg: 'HS256', jwk: shared }, secret))).toMatch(/binding/);
  });

  test.for(['RS256', 'PS256', 'ES512'])('of %s', async (alg) => {
    const other = await generateKeyPair(alg, { extractable: true });
    const header = { alg, jwk: await exportJWK(other.publicKey) };
    expect(await faultOf(await proof({}, header, other.privateKey))).toMatch(/binding/);
  });

  test.for<[string, (good: string) => string]>([
    ['that is no JWT', () => 'proof'],
    ['without its signature', (good) => `${good.split('.').slice(0, 2).join('.')}.`],
    [
      'of alg none',
      (good) =>
        `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk })).toString('base64url')}.${good.split('.')[1]}.`,
    ],
  ])('%s', async ([, write]) => {
    expect(await faultOf(write(await proof()))).toMatch(/binding/);
  });

  test.for<[string, (good: string) => string]>([
    ['twice', (good) => `${good}, ${good}`],
    ['with nothing behind it', (good) => `${good}, `],
  ])('if it stands there %s', async ([, write]) => {
    expect(await faultOf(write(await proof()))).toMatch(/one DPoP header only/);
  });
});

describe('a proof is used up', () => {
  test('only when that is asked for, for as long as its iat is good', async () => {
    const { check, taken } = checker();
    const found = await check(carrying(await proof({ iat: now + 120 })), clinic);
    expect(taken).toEqual([]);
    await found?.take();
    expect(taken.map(({ expiresAt }) => expiresAt.getTime() / 1000)).toEqual([now + 420]);
  });

  test('once: the second time it is refused', async () => {
    const { check } = checker();
    const dpop = await proof();
    const [first, second] = [await check(carrying(dpop), clinic), await check(carrying(dpop), clinic)];
    await first?.take();
    const again = second?.take();
    await expect(again).rejects.toThrow(errors.InvalidDpopProof);
    await expect(again).rejects.toMatchObject({ error_description: 'DPoP proof was used before' });
  });

  test('for its client alone', async () => {
    const { check, taken } = checker();
    for (const [clientId, jti] of [
      ['ward', 'b-one'],
      ['ward-b', 'one'],
      ['wardb-', 'one'],
    ] as const) {
      const found = await check(carrying(await proof({ jti })), { clientId });
      await found?.take();
    }
    expect(new Set(taken.map(({ id }) => id)).size).toBe(3);
  });
});
