import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { importJWK, type JWK } from 'jose';
import { isPlain } from '../text.ts';

/** Algorithms with which a client may sign its assertions; never `none`, never HMAC (RFC 8725 section 3.1). */
export const assertionAlgorithms = ['ES256', 'ES384', 'RS384', 'PS256', 'EdDSA'] as const;

/** Members that a registered key keeps: what RFC 7517 and 7518 say of a public signature key. */
const publicMembers = [
  'kty',
  'crv',
  'x',
  'y',
  'n',
  'e',
  'kid',
  'use',
  'alg',
  'key_ops',
  'x5c',
  'x5t',
  'x5t#S256',
];

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Which of our algorithms a key of this type can verify. */
function algorithmsFor(jwk: JWK): readonly string[] {
  if (jwk.kty === 'RSA') return ['RS384', 'PS256'];
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return ['ES256'];
  if (jwk.kty === 'EC' && jwk.crv === 'P-384') return ['ES384'];
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return ['EdDSA'];
  return [];
}

/** Keys that a client needs at most; each one costs a verification when a signature fits none. */
export const MOST_KEYS = 20;

/** Ordinary text of ordinary length: what the members of a key are made of. */
const isText = (value: unknown) =>
  typeof value === 'string' && value.length > 0 && value.length <= 2000 && isPlain(value);

/** The first member that is not of its type: the library would refuse the whole client because of it. */
function illTyped(jwk: JWK): string | undefined {
  const lists = new Set(['key_ops', 'x5c']);
  return Object.entries(jwk).find(([name, value]) => {
    if (!publicMembers.includes(name)) return false;
    return lists.has(name)
      ? !(Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== ''))
      : !isText(value);
  })?.[0];
}

/**
 * RFC 7518 section 3.3: RSA keys have 2048 bits or more. A public exponent below 65537 makes faults of
 * implementations exploitable (NIST SP 800-56B); a huge one, or a huge modulus, makes every verification slow.
 */
function unfit(jwk: JWK): string | undefined {
  if (jwk.kty !== 'RSA') return undefined;
  const details = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).asymmetricKeyDetails;
  const bits = details?.modulusLength ?? 0;
  const exponent = details?.publicExponent ?? 0n;
  if (bits < 2048) return 'is an RSA key of fewer than 2048 bits';
  if (bits > 8192) return 'is an RSA key of more than 8192 bits';
  return exponent < 65537n || exponent > 0xffffffffn
    ? 'is an RSA key with a public exponent outside 65537 to 4294967295'
    : undefined;
}

async function keyFault(jwk: JWK): Promise<string | undefined> {
  const found = privateMembers.filter((member) => member in jwk);
  if (found.length > 0) {
    return `holds a private key (member ${found.join(', ')}): register the public key only, and replace this key pair, since it has left its owner`;
  }
  const member = illTyped(jwk);
  if (member !== undefined) return `has a member ${member} that is not of its type`;
  const algorithms = algorithmsFor(jwk);
  if (algorithms.length === 0) return 'is not an RSA, P-256, P-384 or Ed25519 key';
  if (jwk.alg !== undefined && !algorithms.includes(jwk.alg))
    return `has alg ${jwk.alg}, but such a key is used with ${algorithms.join(' or ')}`;
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'has a use other than sig';
  try {
    await importJWK(jwk, algorithms[0]);
  } catch {
    return 'is malformed: its parameters are missing or are no valid key';
  }
  return unfit(jwk);
}

/** Whether a key of a published set can be used; a set may hold keys for other purposes beside it. */
export async function isUsableKey(jwk: unknown): Promise<boolean> {
  if (typeof jwk !== 'object' || jwk === null) return false;
  return (await keyFault(jwk as JWK)) === undefined;
}

/** The members of a key that are worth keeping. */
export function publicKey(jwk: JWK): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => publicMembers.includes(name))) as JWK;
}

/** Whether one of the keys can verify signatures of an algorithm. */
export function canVerify(jwks: { readonly keys: readonly JWK[] }, alg: string): boolean {
  return jwks.keys.some((jwk) => algorithmsFor(jwk).includes(alg) && (jwk.alg ?? alg) === alg);
}

/**
 * Checks a client's key set (RFC 7517): public signature keys only, each usable, each `kid` once.
 *
 * @returns one sentence a fault, each beginning with the path of the key
 */
export async function jwksFaults(jwks: { readonly keys: readonly JWK[] }): Promise<string[]> {
  const faults: string[] = [];
  if (jwks.keys.length > MOST_KEYS) return [`jwks.keys holds more than ${MOST_KEYS} keys`];
  for (const [index, jwk] of jwks.keys.entries()) {
    const fault = await keyFault(jwk);
    if (fault !== undefined) faults.push(`jwks.keys[${index}] ${fault}`);
  }
  const kids = jwks.keys.map((jwk) => jwk.kid).filter((kid) => kid !== undefined);
  if (new Set(kids).size < kids.length) faults.push('jwks.keys has the same kid twice');
  return faults;
}
