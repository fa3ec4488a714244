import { readFileSync } from 'node:fs';
import { importJWK, type JWK, SignJWT } from 'jose';
import { Refused } from '../errors.ts';

/** A private key that says with which algorithm it signs. */
export type SigningKey = JWK & { readonly alg: string };

/** Why `assent token` asked the server for nothing. */
export const notRequested = (fault: string) => new Refused('No token was requested:', [fault]);

/** Reads a client's private key. @throws Refused if the file holds no JWK or the JWK names no alg */
export function readKey(file: string): SigningKey {
  let jwk: unknown;
  try {
    jwk = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw notRequested(`the key file ${file} cannot be read as a JWK`);
  }
  if (typeof jwk !== 'object' || jwk === null || !('kty' in jwk))
    throw notRequested(`the key file ${file} holds no JWK`);
  const { alg, ...rest } = jwk as JWK;
  if (typeof alg !== 'string') throw notRequested('the key file names no alg');
  return { ...rest, alg };
}

/**
 * Signs an assertion of a client for one minute (RFC 7523 section 3): of itself, where `sub` is the client_id, or of the
 * user whom it signed in.
 *
 * @param said.audience issuer of the server that shall take it
 * @param said.claims `sub` and whatever else the client says
 * @throws Refused if the key is no private key for its alg
 */
export async function signAssertion(
  jwk: SigningKey,
  said: { clientId: string; audience: string; claims: { readonly sub: string } },
): Promise<string> {
  const assertion = new SignJWT({ ...said.claims })
    .setProtectedHeader({ alg: jwk.alg, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }) })
    .setIssuer(said.clientId)
    .setAudience(said.audience)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('1 minute');
  try {
    return await assertion.sign(await importJWK(jwk, jwk.alg));
  } catch {
    throw notRequested(`the key cannot sign with ${jwk.alg}: is it the whole private key?`);
  }
}
