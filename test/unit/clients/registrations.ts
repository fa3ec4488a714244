import { generateKeyPairSync } from 'node:crypto';

type Members = Readonly<Record<string, unknown>>;

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });

const pair = ec('P-256');
/** The public key that Fernhill's ward board signs its assertions with. */
export const wardKey: Members = {
  ...pair.publicKey.export({ format: 'jwk' }),
  kid: 'ward-2026',
  alg: 'ES256',
};
export const wardPrivateKey: Members = {
  ...pair.privateKey.export({ format: 'jwk' }),
  kid: 'ward-2026',
  alg: 'ES256',
};

const strong = rsa(2048).publicKey.export({ format: 'jwk' });
const weak = rsa(1024).publicKey.export({ format: 'jwk' });
/** The same number with zeros in front, so that it is as long as a strong one. */
const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(String(weak.n), 'base64url')]).toString(
  'base64url',
);

/** A ward board of Fernhill Hospital that nobody can find fault with. */
export const wardBoard: Members = {
  client_id: 'ward-board',
  client_name: 'Ward board',
  organization: 'fernhill',
  grant_types: ['client_credentials'],
  apis: { 'reasonable-adjustments': 'system/Flag.read' },
};

const withKeys = (...keys: Members[]): Members => ({
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys },
});
const withUri = (jwks_uri: string): Members => ({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri });

export { strong as strongRsaKey };

/** Where a jwks_uri must not lead: this machine, the inner network, the metadata of a cloud. */
export const innerUris: readonly string[] = [
  'https://127.0.0.1/jwks',
  'https://10.1.2.3/jwks',
  'https://[::1]/jwks',
  'https://[::ffff:127.0.0.1]/jwks',
  'https://169.254.169.254/latest/meta-data',
  'https://localhost/jwks',
  'https://2130706433/jwks',
];

/** What is wrong with a registration: a name, the change to the ward board, and the fault that names it. */
export const faulty: readonly (readonly [what: string, change: Members, fault: RegExp])[] = [
  ['a malformed key', withKeys({ ...wardKey, x: 'AAAA' }), /jwks\.keys\[0\] is malformed/],
  [
    'a point that is not on the curve',
    withKeys({ ...wardKey, x: wardKey.y }),
    /jwks\.keys\[0\] is malformed/,
  ],
  ['a key without its parameters', withKeys({ kty: 'EC', crv: 'P-256' }), /jwks\.keys\[0\] is malformed/],
  ['a key without a type', withKeys({ kid: 'what' }), /jwks\.keys\.0\.kty must be a text/],
  ['a private key', withKeys(wardPrivateKey), /jwks\.keys\[0\] holds a private key \(member d\)/],
  [
    'a private key behind a good one',
    withKeys(wardKey, { ...wardPrivateKey, kid: 'two' }),
    /jwks\.keys\[1\] holds a private/,
  ],
  [
    'a shared secret as key',
    withKeys({ kty: 'oct', k: 'c2VjcmV0' }),
    /jwks\.keys\[0\] holds a private key \(member k\)/,
  ],
  ['a shared secret without its value', withKeys({ kty: 'oct' }), /jwks\.keys\[0\] is not an RSA/],
  [
    'a curve that nobody asked for',
    withKeys({ ...ec('secp256k1').publicKey.export({ format: 'jwk' }) }),
    /is not an RSA/,
  ],
  ['an RSA key of 1024 bits', withKeys({ ...weak }), /jwks\.keys\[0\] is an RSA key of fewer than 2048 bits/],
  [
    'an RSA key of 1024 bits in long clothes',
    withKeys({ ...weak, n: padded }),
    /fewer than 2048 bits|malformed/,
  ],
  ['an algorithm that is not that of its key', withKeys({ ...wardKey, alg: 'ES384' }), /has alg ES384/],
  ['an HMAC algorithm on a public key', withKeys({ ...strong, alg: 'HS256' }), /has alg HS256/],
  ['an encryption key', withKeys({ ...wardKey, use: 'enc' }), /has a use other than sig/],
  ['the same kid twice', withKeys(wardKey, { ...wardKey }), /jwks\.keys has the same kid twice/],
  ['U+0000 in a kid', withKeys({ ...wardKey, kid: 'ward\u0000' }), /jwks\.keys/],
  ['a kid that is a number', withKeys({ ...wardKey, kid: 2026 }), /jwks\.keys/],
  ['an empty key set', withKeys(), /jwks\.keys must hold a key/],
  [
    'jwks and jwks_uri',
    { ...withKeys(wardKey), jwks_uri: 'https://keys.example.test/' },
    /exclude each other/,
  ],
  [
    'keys of which there are none',
    { token_endpoint_auth_method: 'private_key_jwt' },
    /needs jwks or jwks_uri/,
  ],
  [
    'a secret beside keys',
    { ...withKeys(wardKey), client_secret: 'x'.repeat(43) },
    /private_key_jwt has no secret/,
  ],
  [
    'one secret and several',
    { client_secret: 'x', client_secrets: [{ client_secret: 'y' }] },
    /exclude each other/,
  ],
  [
    'HMAC for assertions',
    { ...withKeys(wardKey), token_endpoint_auth_signing_alg: 'HS256' },
    /signing_alg must be one of/,
  ],
  [
    'no signature',
    { ...withKeys(wardKey), token_endpoint_auth_signing_alg: 'none' },
    /signing_alg must be one of/,
  ],
  [
    'an unknown way to authenticate',
    { token_endpoint_auth_method: 'tls_client_auth' },
    /token_endpoint_auth_method must be/,
  ],
  [
    'the secret in the body',
    { token_endpoint_auth_method: 'client_secret_post' },
    /token_endpoint_auth_method must be/,
  ],
  ['an unknown API', { apis: { 'moon-phases': 'system/Flag.read' } }, /apis\.moon-phases is not an API/],
  [
    'a scope beyond the API',
    { apis: { 'reasonable-adjustments': 'system/Flag.write' } },
    /has no scope system\/Flag\.write/,
  ],
  [
    'a scope beyond all grammars',
    { apis: { 'reasonable-adjustments': 'everything' } },
    /the API has no scope everything/,
  ],
  [
    'scopes that are no text',
    { apis: { 'reasonable-adjustments': ['system/Flag.read'] } },
    /must be the scopes/,
  ],
  [
    'scopes with two spaces',
    { apis: { 'reasonable-adjustments': 'system/Flag.read  user/Flag.read' } },
    /single spaces/,
  ],
  ['an unknown organisation', { organization: 'hogwarts' }, /organization hogwarts is not known/],
  ['an unknown grant type', { grant_types: ['password'] }, /grant_types\.0 must be one of/],
  ['a script as address', { client_uri: 'javascript:alert(1)' }, /client_uri must be a web address/],
  ['a script as logo', { logo_uri: 'data:image/svg+xml,<svg/>' }, /logo_uri must be a web address/],
  ['U+0000 in a name', { client_name: 'Ward\u0000board' }, /client_name must not contain control characters/],
  ['half a surrogate pair in a name', { client_name: 'Ward \ud800 board' }, /client_name must/],
  ['a name without end', { client_name: 'x'.repeat(2001) }, /client_name is too long/],
  ['a client_id with a space', { client_id: 'ward board' }, /client_id must be 1 to 200/],
  ['a client_id with U+0000', { client_id: 'ward\u0000board' }, /client_id must be 1 to 200/],
  ['a secret with a line end', { client_secret: 'two\nlines' }, /client_secret must be 1 to 500/],
  ['an empty secret', { client_secret: '' }, /client_secret must be 1 to 500/],
  [
    'a secret for ever and a day',
    { client_secret: 'x', client_secret_expires_at: 9e15 },
    /client_secret_expires_at must be/,
  ],
  [
    'a secret that ended before time began',
    { client_secret: 'x', client_secret_expires_at: -1 },
    /must not be negative/,
  ],
  ['half a second', { client_id_issued_at: 1.5 }, /client_id_issued_at must be a whole number/],
  ['an ASID with letters', { asid: 'Z00990800' }, /asid must be an ASID/],
  ['a device that is a name', { device: 'Ward tablet' }, /device /],
  ...innerUris.map(
    (uri) => [`keys at ${uri}`, withUri(uri), /jwks_uri must not point to a private/] as const,
  ),
  ['keys over http', withUri('http://keys.example.test/jwks'), /jwks_uri must be an https address/],
  [
    'keys behind a password',
    withUri('https://a:b@keys.example.test/jwks'),
    /jwks_uri must not contain a user/,
  ],
];
