import { type CompactVerifyGetKey, compactVerify, errors } from 'jose';
import { isObject } from '../text.ts';
import { algorithms, type Credentials, notBearer } from './envelope.ts';
import { type Claims, filledText, member } from './json.ts';
import type { Fault, ResourceRequest } from './types.ts';

/** What `jose` throws because of the token. Everything else is the key set's fault, or that of the way to it. */
const faultsOfToken = [
  errors.JWSSignatureVerificationFailed.code,
  errors.JWSInvalid.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
];

/**
 * Verifies the signature with the issuer's keys (RFC 7515 section 5.2). Where the keys cannot be had, the answer is 500:
 * without them nobody can tell whose fault it is, and nothing is accepted.
 */
export async function signatureFault(token: string, keys: CompactVerifyGetKey): Promise<Fault | undefined> {
  try {
    await compactVerify(token, keys, { algorithms });
    return undefined;
  } catch (error) {
    // By its code, not its class: the key set may come from another copy of jose than ours.
    const code = isObject(error) ? error.code : undefined;
    return faultsOfToken.some((one) => one === code)
      ? 'JWT signature is not that of the issuer'
      : { code: 'INTERNAL_SERVER_ERROR', diagnostics: 'The keys of the issuer cannot be had at the moment' };
  }
}

/** The thumbprint of the key to which a token is bound (RFC 9449 section 6.1). */
export function boundTo(claims: Claims): string | undefined {
  return filledText(member(claims.cnf, 'jkt'));
}

/**
 * Says whether a token is presented as it may be: one that is bound to a key only with a proof of that key, never as a
 * bearer token (RFC 9449 section 7.1), and any other only as a bearer token.
 */
export function bindingFault(
  claims: Claims,
  { scheme }: Credentials,
  { proofKey }: ResourceRequest,
): Fault | undefined {
  const { cnf } = claims;
  if (cnf === undefined) return scheme === 'Bearer' ? undefined : notBearer;
  const key = boundTo(claims);
  // Bindings to certificates (RFC 8705) and to whatever comes are nothing that this validator could compare.
  if (key === undefined || !isObject(cnf) || Object.keys(cnf).length > 1)
    return 'JWT is bound in a way that this server does not support';
  if (scheme === 'Bearer') return 'JWT is bound to a key: it must be sent with the DPoP scheme and a proof';
  return proofKey === key ? undefined : 'JWT is bound to another key than that of the DPoP proof';
}
