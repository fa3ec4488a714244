import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { decrypt, encrypt } from './cipher.ts';

/** Algorithms that Assent signs with: ES256 for tokens, RS256 for id_tokens of SMART clients. */
export const signingAlgorithms = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A pair as it is stored. */
export interface KeyPair {
  /** JWK thumbprint (RFC 7638). */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** JSON of the public JWK. */
  readonly publicJwk: string;
  /** The private JWK, encrypted under the master key. */
  readonly sealed: string;
}

const label = (kid: string, alg: string) => `signing-key:${alg}:${kid}`;

/** Makes a new pair. An RSA pair takes its time (on another thread): nothing should be held meanwhile. */
export async function createKeyPair(masterKey: Buffer, alg: SigningAlgorithm): Promise<KeyPair> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  const { kty, crv, x, y, n, e } = jwk;
  return {
    kid,
    alg,
    publicJwk: JSON.stringify({ kty, crv, x, y, n, e, kid, alg, use: 'sig' }),
    sealed: encrypt(masterKey, label(kid, alg), JSON.stringify({ ...jwk, kid, alg, use: 'sig' })),
  };
}

/** The private JWK of a stored pair. @throws AssentError `wrong_master_key` when it cannot be decrypted */
export function openKeyPair(masterKey: Buffer, { kid, alg, sealed }: Omit<KeyPair, 'publicJwk'>): JWK {
  return JSON.parse(decrypt(masterKey, label(kid, alg), sealed)) as JWK;
}
