import { createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto';
import { createServer } from 'node:net';
import { base64url, CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { behindProxy, expectRefused, observe, type Refusal, titleOf } from './refusals.ts';

/** Client assertions that must not pass (CA-04 and CA-05 of the threat model, RFC 7523 section 3, RFC 8725). */

let server: TestServer;
let observations: Awaited<ReturnType<typeof observe>>;
let stranger: JWK;

/** Where a `jku` or `x5u` header points: whoever connects here was sent by an attacker. */
const trap = createServer((socket) => {
  caught += 1;
  socket.destroy();
});
let caught = 0;
let trapUrl: string;

const clientId = 'clinic-jwt';
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const now = () => Math.floor(Date.now() / 1000);
const year = 365 * 24 * 3600;

type Claims = Parameters<typeof assertion>[3];

/** An assertion of the clinic with its own key and other claims or header members. */
const own = (claims: Claims, header: Record<string, unknown> = {}) =>
  assertion(demoKey(server, clientId), clientId, server.issuer, claims, header);

/** The same with the key of somebody else. */
const foreign = (header: Record<string, unknown> = {}) =>
  assertion(stranger, clientId, server.issuer, {}, header);

const usualPayload = () => ({
  iss: clientId,
  sub: clientId,
  aud: server.issuer,
  jti: crypto.randomUUID(),
  iat: now(),
  exp: now() + 60,
});

/** Signs a payload with the right key as it is written, for numbers that JSON.stringify would not write. */
async function signedText(payload: string): Promise<string> {
  const jwk = demoKey(server, clientId);
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: String(jwk.alg), kid: String(jwk.kid) })
    .sign(await importJWK(jwk, jwk.alg));
}

const withNumber = (claim: string, number: string) =>
  signedText(
    JSON.stringify({ ...usualPayload(), [claim]: 'number' }).replace(
      `"${claim}":"number"`,
      `"${claim}":${number}`,
    ),
  );

const encoded = (part: object) => base64url.encode(JSON.stringify(part));

const unsigned = (alg: string) => `${encoded({ alg })}.${encoded(usualPayload())}.`;

function publicKeyOf(jwk: JWK): JWK {
  const { d: _d, ...publicHalf } = jwk;
  return publicHalf;
}

/** HMAC keyed with what everybody knows: a verifier that takes the key's bytes for a secret would pass it. */
async function keyedWithPublic(bytes: Uint8Array): Promise<string> {
  const { kid } = demoKey(server, clientId);
  return new CompactSign(new TextEncoder().encode(JSON.stringify(usualPayload())))
    .setProtectedHeader({ alg: 'HS256', kid: String(kid) })
    .sign(bytes);
}

/** The right key signed it, but the header says that whoever does not understand `seal` must refuse it. */
function withUnknownCriticalHeader(): string {
  const { kid, ...jwk } = demoKey(server, clientId);
  const header = { alg: jwk.alg, kid, crit: ['seal'], seal: 1 };
  const input = `${encoded(header)}.${encoded(usualPayload())}`;
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
  const signature = sign('sha384', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

type Row = readonly [story: string, make: () => string | Promise<string>];

/** What is signed by nobody, by somebody else, or in another way than the client's. */
const forged: readonly Row[] = [
  ['signed with another key', () => foreign()],
  [
    'signed with another key under the kid of the right one',
    () => foreign({ kid: demoKey(server, clientId).kid }),
  ],
  [
    'signed with a key of another type',
    async () => {
      const { privateKey } = await generateKeyPair('ES256', { extractable: true });
      return assertion({ ...(await exportJWK(privateKey)), alg: 'ES256' }, clientId, server.issuer);
    },
  ],
  [
    'with one claim changed after signing',
    async () => {
      const [header, , signature] = (await own({})).split('.');
      return `${header}.${encoded({ ...usualPayload(), jti: 'another' })}.${signature}`;
    },
  ],
  ['with an empty signature', async () => (await own({})).replace(/[^.]+$/, '')],
  ['without a signature, alg none', () => unsigned('none')],
  ['without a signature, alg NoNe', () => unsigned('NoNe')],
  [
    'with HMAC keyed with the public key as JSON',
    () => keyedWithPublic(new TextEncoder().encode(JSON.stringify(publicKeyOf(demoKey(server, clientId))))),
  ],
  [
    'with HMAC keyed with the public key as PEM',
    () => {
      const key = createPublicKey({
        key: publicKeyOf(demoKey(server, clientId)) as JsonWebKey,
        format: 'jwk',
      });
      return keyedWithPublic(new TextEncoder().encode(String(key.export({ type: 'spki', format: 'pem' }))));
    },
  ],
  ['with the key of a stranger in its jwk header', () => foreign({ jwk: publicKeyOf(stranger) })],
  ['with a jku header that points to the key of a stranger', () => foreign({ jku: `${trapUrl}/jwks` })],
  [
    'with an x5u header that points to the certificate of a stranger',
    () => foreign({ x5u: `${trapUrl}/x5u` }),
  ],
  ['with a jku header over https', () => foreign({ jku: `${trapUrl.replace('http:', 'https:')}/jwks` })],
  ['with an x5c header of a stranger', () => foreign({ x5c: ['MIIB'] })],
  ['whose kid is a path', () => foreign({ kid: '../../../../dev/null' })],
  ['whose kid is SQL', () => foreign({ kid: "' OR '1'='1' --" })],
  ['whose kid is the name of a member of every object', () => foreign({ kid: '__proto__' })],
  ['with a critical header that nobody knows', withUnknownCriticalHeader],
];

const untimely: readonly Row[] = [
  ['that expired', () => own({ iat: now() - 120, exp: now() - 60 })],
  ['that expires in more than 300 s', () => own({ exp: now() + 305 })],
  ['that expires in ten years', () => own({ exp: now() + 10 * year })],
  ['without exp', () => own({ exp: undefined })],
  ['whose exp is a text', () => own({ exp: String(now() + 60) })],
  ['whose exp is a fraction', () => own({ exp: now() + 60.5 })],
  ['whose exp is null', () => own({ exp: null })],
  ['whose exp is 0', () => own({ exp: 0 })],
  ['issued in the future', () => own({ iat: now() + 66, exp: now() + 120 })],
  ['valid only in the future', () => own({ nbf: now() + 66, exp: now() + 120 })],
  ['whose iat is a text', () => own({ iat: String(now()) })],
  ['whose nbf is a text', () => own({ nbf: String(now()) })],
  ...['exp', 'iat', 'nbf'].flatMap((claim) =>
    ['9e15', '1e400', '-1e400'].map((number): readonly [string, () => Promise<string>] => [
      `whose ${claim} is ${number}`,
      () => withNumber(claim, number),
    ]),
  ),
];

const misnamed: readonly Row[] = [
  ['without jti', () => own({ jti: undefined })],
  ['with an empty jti', () => own({ jti: '' })],
  ['whose jti has 300 characters', () => own({ jti: 'j'.repeat(300) })],
  ['whose jti is a number', () => own({ jti: 4711 })],
  ['whose jti is a list', () => own({ jti: ['one'] })],
  ['whose jti contains U+0000', () => own({ jti: `a\0${crypto.randomUUID()}` })],
  ['whose sub contains U+0000', () => own({ sub: `${clientId}\0` })],
  ['whose sub is another client', () => own({ sub: 'clinic-backend' })],
  ['whose iss is another client', () => own({ iss: 'clinic-backend' })],
  ['without iss', () => own({ iss: undefined })],
  ['without sub', () => own({ sub: undefined })],
  ['whose sub is a list', () => own({ sub: [clientId] })],
  ['for an unknown client', () => own({ iss: 'nobody', sub: 'nobody' })],

  ['without aud', () => own({ aud: undefined })],
  [
    'whose aud is a list with the issuer in it',
    () => own({ aud: [server.issuer, 'https://other.example.test'] }),
  ],
  ['whose aud is a list of the issuer alone', () => own({ aud: [server.issuer] })],
  ['whose aud is the token URL of another server', () => own({ aud: 'https://evil.example.test/token' })],
  ['whose aud is the issuer with a slash behind', () => own({ aud: `${server.issuer}/` })],
  ['whose aud is another endpoint', () => own({ aud: `${server.issuer}/jwks` })],
  ['whose aud is the client', () => own({ aud: clientId })],
];

const asRefusal = (what: string, make: Row[1]): Refusal => ({
  story: what,
  sent: async () => form({ ...grant, ...assertionForm(await make()) }),
  status: 401,
  error: 'invalid_client',
});

const refusals: readonly Refusal[] = [
  ...forged.map(([story, make]) => asRefusal(`CA-05 an assertion ${story}`, make)),
  ...untimely.map(([story, make]) => asRefusal(`CA-04 an assertion ${story}`, make)),
  ...misnamed.map(([story, make]) => asRefusal(`CA-02 an assertion ${story}`, make)),
];

beforeAll(async () => {
  server = await startServer(behindProxy);
  const { privateKey } = await generateKeyPair('ES384', { extractable: true });
  stranger = { ...(await exportJWK(privateKey)), alg: 'ES384', kid: 'stranger' };
  await new Promise<void>((resolve) => trap.listen(0, resolve));
  const address = trap.address();
  if (address === null || typeof address === 'string') throw new Error('the trap has no port');
  trapUrl = `http://127.0.0.1:${address.port}`;
  observations = await observe(server, refusals);
});

afterAll(async () => {
  await new Promise((resolve) => trap.close(resolve));
  await server.close();
});

describe('CA-04 CA-05 client assertions that prove nothing', () => {
  for (const refusal of refusals) {
    test(titleOf(refusal), () => expectRefused(refusal, observations));
  }

  test('CA-05 none of them makes the server fetch a key from where it points', () => {
    expect(observations.size).toBe(refusals.length);
    expect(caught).toBe(0);
  });
});

describe('CA-04 client assertions at the edge of what passes', () => {
  const passing: readonly (readonly [story: string, make: () => Promise<string>])[] = [
    ['aud is the token URL', () => own({ aud: `${server.issuer}/token` })],
    ['it expires in almost 300 s', () => own({ exp: now() + 299 })],
    ['it expired a moment ago: clocks differ', () => own({ iat: now() - 60, exp: now() - 5 })],
    ['iat and nbf are 8 s ahead: clocks differ', () => own({ iat: now() + 8, nbf: now() + 8 })],
    ['it has neither iat nor nbf', () => own({ iat: undefined })],
    ['jti has 255 characters', () => own({ jti: crypto.randomUUID().padEnd(255, 'j') })],
    ['jti has letters beyond ASCII', () => own({ jti: `pōtae-${crypto.randomUUID()}` })],
  ];

  for (const [story, make] of passing) {
    test(story, async () => {
      const answer = await send(server, form({ ...grant, ...assertionForm(await make()) }));
      expect(answer).toMatchObject({ status: 200 });
    });
  }
});
