import { importJWK, type JWK } from 'jose';

/** Algorithms with which a client may sign its assertions; never `none`, never HMAC (RFC 8725 section 3.1). */
export const assertionAlgorithms = ['ES256', 'ES384', 'RS384', 'PS256', 'EdDSA'] as const;

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Which of our algorithms a key of this type can verify. */
function algorithmsFor(jwk: JWK): readonly string[] {
  if (jwk.kty === 'RSA') return ['RS384', 'PS256'];
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return ['ES256'];
  if (jwk.kty === 'EC' && jwk.crv === 'P-384') return ['ES384'];
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return ['EdDSA'];
  return [];
}

/** RFC 7518 section 3.3: RSA keys have 2048 bits or more. */
const tooShort = (jwk: JWK) => jwk.kty === 'RSA' && Buffer.from(jwk.n ?? '', 'base64url').length < 256;

async function keyFault(jwk: JWK): Promise<string | undefined> {
  const found = privateMembers.filter((member) => member in jwk);
  if (found.length > 0) {
    return `holds a private key (member ${found.join(', ')}): register the public key only, and replace this key pair, since it has left its owner`;
  }
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
  return tooShort(jwk) ? 'is an RSA key of fewer than 2048 bits' : undefined;
}

/**
 * Checks a client's key set (RFC 7517): public signature keys only, each usable, each `kid` once.
 *
 * @returns one sentence a fault, each beginning with the path of the key
 */
export async function jwksFaults(jwks: { readonly keys: readonly JWK[] }): Promise<string[]> {
  const faults: string[] = [];
  for (const [index, jwk] of jwks.keys.entries()) {
    const fault = await keyFault(jwk);
    if (fault !== undefined) faults.push(`jwks.keys[${index}] ${fault}`);
  }
  const kids = jwks.keys.map((jwk) => jwk.kid).filter((kid) => kid !== undefined);
  if (new Set(kids).size < kids.length) faults.push('jwks.keys has the same kid twice');
  return faults;
}
