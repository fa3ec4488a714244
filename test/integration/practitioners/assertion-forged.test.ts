import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { base64url, CompactSign, EncryptJWT, importJWK, type JWK } from 'jose';
import { assertion, demoKey } from '../../support/assertion.ts';
import { drShah } from '../../support/practitioner.ts';
import { newKey } from '../token-endpoint/key-source.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import {
  about,
  asked,
  createAssertions,
  describeRefusals,
  readerId,
  registerAsserter,
} from './assertions.ts';

/** Assertions about Dr Shah that the system did not sign, or not as what they are sent for (RFC 7523 section 3, RFC 8725). */

const assertions = createAssertions();
const { claiming } = assertions;

const now = () => Math.floor(Date.now() / 1000);

const payload = (change: Readonly<Record<string, unknown>> = {}) => ({
  iss: readerId,
  sub: 'pr-priya',
  aud: assertions.server().issuer,
  jti: crypto.randomUUID(),
  iat: now(),
  exp: now() + 60,
  requesting_practitioner: drShah(),
  ...change,
});

const encoded = (part: object) => base64url.encode(JSON.stringify(part));
const publicHalf = ({ d: _d, ...rest }: JWK): JWK => rest;

/** Signed by somebody else in the name of the reader. */
async function foreign(header: Record<string, unknown> = {}, key?: JWK): Promise<string> {
  const { issuer } = assertions.server();
  const signer = key ?? (await newKey());
  return assertion(signer, readerId, issuer, payload(), header);
}

/** HMAC keyed with what everybody knows. */
function keyedWith(bytes: (key: JsonWebKey) => Uint8Array): () => Promise<string> {
  return () => {
    const key = publicHalf(assertions.reader().key);
    return new CompactSign(new TextEncoder().encode(JSON.stringify(payload())))
      .setProtectedHeader({ alg: 'HS256', kid: String(key.kid) })
      .sign(bytes(key as JsonWebKey));
  };
}

async function changed(part: 0 | 1 | 2, make: (text: string) => string): Promise<string> {
  const parts = (await about(assertions.server(), assertions.reader())).split('.');
  parts[part] = make(parts[part] ?? '');
  return parts.join('.');
}

async function encrypted(): Promise<string> {
  const { key } = assertions.reader();
  return new EncryptJWT(payload())
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK({ ...publicHalf(key), alg: 'ECDH-ES' }));
}

/** Another system of Fernhill with a key of its own, whose assertion the reader sends. */
async function ofAnotherClient(): Promise<string> {
  const server = assertions.server();
  return about(server, await registerAsserter(server, 'fernhill-letters'));
}

/** An assertion of the demo world's clinic, with which that would be served itself. */
function ofTheClinic(): Promise<string> {
  const server = assertions.server();
  const said = { sub: 'pr-priya', requesting_practitioner: drShah() };
  return assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer, said);
}

/** Signed by the reader to say who the reader is. */
function forAuthentication(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { client, key } = assertions.reader();
  return assertion(key, client[0], assertions.server().issuer, change);
}

const forgeries: readonly (readonly [story: string, make: () => string | Promise<string>])[] = [
  ['signed with a foreign key', () => foreign()],
  [
    'signed with a foreign key under the kid of the right one',
    () => foreign({ kid: assertions.reader().key.kid }),
  ],
  [
    'signed with a foreign key that its header holds',
    async () => {
      const key = await newKey();
      return foreign({ jwk: publicHalf(key) }, key);
    },
  ],
  [
    'signed with the right key under the kid of another one',
    () => foreign({ kid: 'another' }, assertions.reader().key),
  ],
  ['without a signature, alg none', () => `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(payload())}.`],
  ['without a signature, alg NONE', () => `${encoded({ alg: 'NONE', typ: 'JWT' })}.${encoded(payload())}.`],
  ['without the last of three parts', async () => (await foreign()).replace(/\.[^.]*$/, '')],
  ['with an empty signature', () => changed(2, () => '')],
  [
    'with HMAC keyed with the public key as JSON',
    keyedWith((key) => new TextEncoder().encode(JSON.stringify(key))),
  ],
  [
    'with HMAC keyed with the public key as PEM',
    keyedWith((key) => {
      const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      return new TextEncoder().encode(String(pem));
    }),
  ],
  [
    'with a practitioner changed after signing',
    () => changed(1, () => encoded(payload({ sub: 'pr-rangi' }))),
  ],
  ['with spaces around it', async () => ` ${await about(assertions.server(), assertions.reader())} `],
  ['encrypted instead of signed', encrypted],
  ['as garbage', () => 'garbage'],
  ['as three parts of garbage', () => 'a.b.c'],
  ['as JSON', () => JSON.stringify(payload())],
  ['as a SAML document', () => '<saml:Assertion/>'],
  ['as 50,000 characters', () => 'x'.repeat(50_000)],

  ['that is the client assertion of this client', () => forAuthentication()],
  [
    'that is a client assertion with a practitioner',
    () => forAuthentication({ requesting_practitioner: drShah({ id: readerId }) }),
  ],
  ['of another client of the same organisation', ofAnotherClient],
  ['of the clinic of the demo world', ofTheClinic],
];

const types = ['at+jwt', 'dpop+jwt', 'secevent+jwt', 'application/at+jwt', 'JOSE', ''];

/** A payload that is signed, but is no set of claims. */
const payloads = ['[]', 'null', '"text"', '{', ''];

async function signedText(text: string): Promise<string> {
  const { key } = assertions.reader();
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: String(key.alg), kid: String(key.kid) })
    .sign(await importJWK(key, key.alg));
}

const denied = { status: 400, error: 'invalid_grant', deniedTo: readerId } as const;

const refusals: readonly Refusal[] = [
  ...forgeries.map(
    ([story, make]): Refusal => ({
      story: `CA-05 JW-03 ${story}`,
      sent: async () => asked(assertions.reader(), await make()),
      ...denied,
    }),
  ),
  ...types.map(
    (typ): Refusal => ({ story: `JW-02 with typ "${typ}"`, sent: claiming({}, { typ }), ...denied }),
  ),
  {
    story: 'CA-05 with a critical header that nobody knows',
    sent: async () => {
      const { client, key } = assertions.reader();
      const jws = new CompactSign(new TextEncoder().encode(JSON.stringify(payload())));
      jws.setProtectedHeader({ alg: String(key.alg), kid: String(key.kid), crit: ['seal'], seal: 1 });
      return asked({ client }, await jws.sign(await importJWK(key, key.alg), { crit: { seal: true } }));
    },
    ...denied,
  },
  ...payloads.map(
    (text): Refusal => ({
      story: `whose payload is ${text || 'empty'}`,
      sent: async () => asked(assertions.reader(), await signedText(text)),
      ...denied,
    }),
  ),
];

describeRefusals(assertions, refusals);
