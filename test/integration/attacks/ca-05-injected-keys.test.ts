import { createHmac, createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto';
import { CompactSign, EncryptJWT, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertionForm } from '../../support/assertion.ts';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createKeySource, type KeySource, newKey } from '../token-endpoint/key-source.ts';
import { type ProvingEndpoint, provingNames, requestTo } from './endpoints.ts';
import { type KeyClient, registerKeyClient } from './key-client.ts';

/** Assertions whose header says how, or with which key, they want to be checked; and signatures that are none. */

let server: TestServer;
let source: KeySource;
let stranger: JWK;
/** One client's keys are in its registration, the other's at its own address. */
const clients: { registered?: KeyClient; published?: KeyClient } = {};

const strangersSet = '/stranger/jwks';
const ownSet = '/key-published/jwks';

beforeAll(async () => {
  source = await createKeySource();
  // So many forgeries in a minute would be refused unseen.
  server = await startServer({ OUTGOING_ALLOW: source.allowed, RATE_LIMIT_REFUSED: '0' });
  stranger = await newKey();
  clients.registered = await registerKeyClient(server, 'key-registered');
  clients.published = await registerKeyClient(server, 'key-published', source.url(ownSet));
  source.publish(ownSet, clients.published.key);
  source.publish(strangersSet, stranger);
});
afterAll(async () => {
  await server.close();
  await source.stop();
});

const now = () => Math.floor(Date.now() / 1000);
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const publicHalf = ({ d: _d, ...rest }: JWK): JWK => rest;

const payloadOf = ({ clientId }: KeyClient) => ({
  iss: clientId,
  sub: clientId,
  aud: server.issuer,
  jti: crypto.randomUUID(),
  iat: now(),
  exp: now() + 60,
});

/** Signed by the stranger, with these members in the header. */
const foreign = (client: KeyClient, header: Readonly<Record<string, unknown>> = {}) =>
  importJWK(stranger, 'ES384').then((key) =>
    new CompactSign(Buffer.from(JSON.stringify(payloadOf(client))))
      .setProtectedHeader({ alg: 'ES384', ...header })
      .sign(key, { crit: { b64: true } }),
  );

/** HMAC with bytes that everybody has. */
function hmac(client: KeyClient, bytes: string | Buffer, alg: 'HS256' | 'HS384' = 'HS256'): string {
  const input = `${encoded({ alg, kid: client.key.kid })}.${encoded(payloadOf(client))}`;
  const hash = alg === 'HS256' ? 'sha256' : 'sha384';
  return `${input}.${createHmac(hash, bytes).update(input).digest('base64url')}`;
}

/** Signed with the client's own key, but with another header than it should have. */
function own(client: KeyClient, header: Readonly<Record<string, unknown>>, hash = 'sha384'): string {
  const input = `${encoded(header)}.${encoded(payloadOf(client))}`;
  const key = createPrivateKey({ key: client.key as JsonWebKey, format: 'jwk' });
  return `${input}.${sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const bare = (client: KeyClient, header: object, signature = '') =>
  `${encoded(header)}.${encoded(payloadOf(client))}.${signature}`;

const pem = ({ key }: KeyClient) =>
  String(
    createPublicKey({ key: publicHalf(key) as JsonWebKey, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }),
  );

const injected: readonly (readonly [what: string, make: (client: KeyClient) => string | Promise<string>])[] =
  [
    ['alg none', (client) => bare(client, { alg: 'none' })],
    ['alg NONE, and a kid', (client) => bare(client, { alg: 'NONE', kid: client.key.kid })],
    ['alg none, and a signature', (client) => bare(client, { alg: 'none' }, 'AAAA')],
    ['no alg', (client) => own(client, { kid: client.key.kid })],
    ['a list as alg', (client) => own(client, { alg: ['ES384'], kid: client.key.kid })],
    ['alg in small letters', (client) => own(client, { alg: 'es384', kid: client.key.kid })],
    ['another curve', (client) => own(client, { alg: 'ES256', kid: client.key.kid }, 'sha256')],
    ['an RSA algorithm', (client) => own(client, { alg: 'RS384', kid: client.key.kid })],
    ['an empty signature', (client) => bare(client, { alg: 'ES384', kid: client.key.kid })],
    [
      'a signature of zeros (CVE-2022-21449)',
      (client) => bare(client, { alg: 'ES384', kid: client.key.kid }, Buffer.alloc(96).toString('base64url')),
    ],
    [
      'HMAC keyed with the public key as JSON',
      (client) => hmac(client, JSON.stringify(publicHalf(client.key))),
    ],
    ['HMAC keyed with the public key as PEM', (client) => hmac(client, pem(client))],
    ['HMAC keyed with PEM, HS384', (client) => hmac(client, pem(client), 'HS384')],
    ['HMAC keyed with a coordinate', (client) => hmac(client, Buffer.from(client.key.x ?? '', 'base64url'))],
    ['HMAC keyed with nothing', (client) => hmac(client, '')],
    ['jwk', (client) => foreign(client, { jwk: publicHalf(stranger) })],
    [
      'jwk and the right kid',
      (client) => foreign(client, { jwk: publicHalf(stranger), kid: client.key.kid }),
    ],
    ['jku', (client) => foreign(client, { jku: source.url(strangersSet), kid: stranger.kid })],
    [
      'jku that is the jwks_uri, changed',
      (client) => foreign(client, { jku: source.url(`${ownSet}/../..${strangersSet}`) }),
    ],
    ['x5u', (client) => foreign(client, { x5u: source.url(strangersSet) })],
    ['x5c', (client) => foreign(client, { x5c: [Buffer.from('a certificate').toString('base64')] })],
    ['x5t', (client) => foreign(client, { x5t: 'AAAA', 'x5t#S256': 'AAAA' })],
    ['kid that is a path', (client) => foreign(client, { kid: '../../../../dev/null' })],
    ['kid that is SQL', (client) => foreign(client, { kid: "x' UNION SELECT 'AAAA' --" })],
    ['kid that is an address', (client) => foreign(client, { kid: source.url(strangersSet) })],
    ['kid that is a list', (client) => foreign(client, { kid: [client.key.kid] })],
    ['kid that is a question to a database', (client) => foreign(client, { kid: { $ne: null } })],
    ['kid without end', (client) => foreign(client, { kid: 'k'.repeat(20_000) })],
    ['no kid', (client) => foreign(client)],
    [
      'the client’s own key, with a critical member',
      (client) => own(client, { alg: 'ES384', crit: ['jku'], jku: source.url(strangersSet) }),
    ],
    [
      'a signature of another payload',
      async (client) => {
        const [header, , signature] = own(client, { alg: 'ES384', kid: client.key.kid }).split('.');
        return `${header}.${encoded({ ...payloadOf(client), jti: 'another' })}.${signature}`;
      },
    ],
    [
      'encryption to the client’s own key',
      async (client) =>
        new EncryptJWT(payloadOf(client))
          .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
          .encrypt(await importJWK({ ...publicHalf(client.key), alg: 'ECDH-ES' })),
    ],
  ];

const kinds = ['registered', 'published'] as const;

describe.for(kinds)('CA-05 in the name of a client whose keys are %s', (kind) => {
  function client(): KeyClient {
    const found = clients[kind];
    if (found === undefined) throw new Error('there is no such client yet');
    return found;
  }

  const present = (endpoint: ProvingEndpoint, jwt: string) =>
    send(server, requestTo(endpoint, { issuer: server.issuer, ...client() }, assertionForm(jwt)));

  test.for(injected)('%s: refused at every endpoint', async ([what, make]) => {
    for (const endpoint of provingNames) {
      const { status, body } = await present(endpoint, await make(client()));
      // What has five parts is no JWT that is signed: it is refused before anybody looks for a client.
      const expected = what.startsWith('encryption')
        ? { status: 400, error: 'invalid_request' }
        : { status: 401, error: 'invalid_client' };
      expect({ endpoint, status, ...JSON.parse(body) }).toMatchObject({ endpoint, ...expected });
    }
  });

  test('nobody was sent to the stranger for a key', () => {
    expect(source.asked(strangersSet)).toBe(0);
  });

  test('the same key without such a header is taken', async () => {
    for (const endpoint of provingNames) {
      const jwt = own(client(), { alg: 'ES384', kid: client().key.kid });
      expect((await present(endpoint, jwt)).status).not.toBe(401);
    }
  });
});

test('CA-05 no address but the registered jwks_uri was asked for anything', () => {
  expect(source.asked(ownSet)).toBeGreaterThan(0);
  expect(source.asked(strangersSet)).toBe(0);
});
