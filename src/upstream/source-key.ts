import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import type { Seal } from '../keys/index.ts';
import type { SourceAlgorithm } from './settings.ts';

/** The key pair with which we prove to one provider who we are, as it is stored. */
export interface SourceKey {
  readonly publicJwk: JWK;
  /** The private JWK, encrypted. */
  readonly sealed: string;
}

const label = (source: string) => `source-key:${source}`;

/** Makes a pair. An RSA pair takes its time: nothing should be held meanwhile. @param source id of the identity source */
export async function createSourceKey(seal: Seal, source: string, alg: SourceAlgorithm): Promise<SourceKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  const { kty, crv, x, y, n, e } = jwk;
  const kid = await calculateJwkThumbprint(jwk);
  const publicMembers = Object.entries({ kty, crv, x, y, n, e, kid, alg, use: 'sig' });
  return {
    publicJwk: Object.fromEntries(publicMembers.filter(([, value]) => value !== undefined)) as JWK,
    sealed: seal.seal(label(source), JSON.stringify({ ...jwk, kid, alg })),
  };
}

/** The private half, ready to sign with. @throws AssentError `wrong_master_key` when it cannot be decrypted */
export async function openSourceKey(
  seal: Seal,
  source: string,
  sealed: string,
): Promise<{ readonly key: CryptoKey; readonly kid: string }> {
  const jwk = JSON.parse(seal.open(label(source), sealed)) as JWK;
  return { key: (await importJWK(jwk)) as CryptoKey, kid: String(jwk.kid) };
}
