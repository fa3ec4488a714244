import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import {
  CompactSign,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { addNotes, expectUseless, isActiveAt, kinds, verdictOf } from './jwts.ts';

/** JWTs that were ours and were changed, or never were: at every place that takes a token (RFC 8725). */

let server: TestServer;
let stranger: JWK;
/** The keys that everybody can read. */
let published: readonly JWK[];

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  stranger = { ...(await exportJWK(privateKey)), alg: 'ES256', kid: 'stranger' };
  published = ((await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: JWK[] }).keys;
});
afterAll(() => server.close());

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const publicHalf = ({ d: _d, ...rest }: JWK): JWK => rest;

/** The same header and signature around other claims. */
function claiming(token: string, change: Readonly<Record<string, unknown>>): string {
  const [header, , signature] = token.split('.');
  return `${header}.${encoded({ ...decodeJwt(token), ...change })}.${signature}`;
}

/** The same claims under another header, with whatever stands there as signature. */
function headed(token: string, header: Readonly<Record<string, unknown>>, signature?: string): string {
  const [, payload, own] = token.split('.');
  return `${encoded(header)}.${payload}.${signature ?? own}`;
}

/** Signed anew by a stranger. */
async function resigned(token: string, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return new CompactSign(Buffer.from(token.split('.')[1] ?? '', 'base64url'))
    .setProtectedHeader({ ...decodeProtectedHeader(token), alg: 'ES256', ...header })
    .sign(await importJWK(stranger));
}

/** The key that signed a token, as it is published. */
const signerOf = (token: string): JWK =>
  published.find(({ kid }) => kid === decodeProtectedHeader(token).kid) ?? {};

/** HMAC keyed with the published key. */
function keyed(token: string, bytes: string): string {
  const header = encoded({ ...decodeProtectedHeader(token), alg: 'HS256' });
  const input = `${header}.${token.split('.')[1]}`;
  return `${input}.${createHmac('sha256', bytes).update(input).digest('base64url')}`;
}

const pemOf = (key: JWK) =>
  String(createPublicKey({ key: key as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));

const signatureOf = (token: string) => token.split('.')[2] ?? '';
const flipped = (text: string) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;

type Forgery = readonly [what: string, make: (token: string) => string | Promise<string>];

/** What an attacker would like to have in a token. */
const wishes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['patient', { patient: 'p-hana' }],
  ['scope', { scope: 'system/*.* admin.write introspect', requested_scope: 'patient/*.write' }],
  ['sub', { sub: 'hana' }],
  ['exp', { exp: 4_000_000_000 }],
  ['aud', { aud: ['https://notes.example.test/fhir/r4', 'https://spine.example.test/raflags/STU3'] }],
  ['iss', { iss: 'https://evil.example.test' }],
  ['client_id', { client_id: 'kete-web' }],
  ['jti', { jti: 'another' }],
  ['cnf', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }],
];

const forgeries: readonly Forgery[] = [
  ...wishes.map(([claim, change]): Forgery => [`${claim} changed`, (token) => claiming(token, change)]),
  ['the signature left out', (token) => token.replace(/[^.]*$/, '')],
  ['the signature left out with its dot', (token) => token.replace(/\.[^.]*$/, '')],
  ['alg none', (token) => headed(token, { alg: 'none', typ: 'at+jwt' }, '')],
  ['alg None and a kid', (token) => headed(token, { ...decodeProtectedHeader(token), alg: 'None' }, '')],
  ['alg none beside its signature', (token) => headed(token, { alg: 'none', typ: 'at+jwt' })],
  ['another algorithm', (token) => headed(token, { ...decodeProtectedHeader(token), alg: 'RS256' })],
  [
    'the kid of another key',
    (token) => headed(token, { ...decodeProtectedHeader(token), kid: published.at(-1)?.kid }),
  ],
  ['no kid', (token) => headed(token, { alg: 'ES256', typ: 'at+jwt' })],
  [
    'one bit of the signature changed',
    (token) => headed(token, decodeProtectedHeader(token), flipped(signatureOf(token))),
  ],
  [
    'half a signature',
    (token) => headed(token, decodeProtectedHeader(token), signatureOf(token).slice(0, 43)),
  ],
  [
    'a signature of zeros',
    (token) => headed(token, decodeProtectedHeader(token), Buffer.alloc(64).toString('base64url')),
  ],
  ['signed by a stranger under our kid', (token) => resigned(token)],
  ['signed by a stranger under its own kid', (token) => resigned(token, { kid: 'stranger' })],
  [
    'signed by a stranger whose key is in the header',
    (token) => resigned(token, { jwk: publicHalf(stranger) }),
  ],
  [
    'signed by a stranger whose key is behind jku',
    (token) => resigned(token, { jku: 'https://evil.example.test/jwks' }),
  ],
  ['HMAC keyed with our public key as JSON', (token) => keyed(token, JSON.stringify(signerOf(token)))],
  ['HMAC keyed with our public key as PEM', (token) => keyed(token, pemOf(signerOf(token)))],
];

describe.for(kinds)('JW-01 the token of $what', ({ api, profile, obtain }) => {
  let token: string;
  beforeAll(async () => {
    token = (await obtain(server)).access_token;
  });

  test('is good as it was issued', async () => {
    expect(await isActiveAt(server, api, token)).toBe(true);
    if (profile !== undefined) expect(await verdictOf(server.issuer, profile, token)).toBe('accepted');
  });

  test.for(forgeries)('is useless with %s', async ([, make]) => {
    const made = await make(token);
    expect(made).not.toBe(token);
    await expectUseless(server, made);
  });

  test('is what it was after all that', async () => {
    expect(await isActiveAt(server, api, token)).toBe(true);
  });
});
