import { decodeJwt, decodeProtectedHeader } from 'jose';
import { timesFault } from '../../authorisation/index.ts';
import { assertionAlgorithms } from '../../clients/index.ts';

/**
 * What the library leaves open about a client assertion (RFC 7523 section 3, OpenID Connect Core section 9).
 *
 * The audience must be the issuer or the issuer's own token URL, as one string: the library computes the
 * acceptable URLs from the `Host` header, so an assertion meant for another server would pass.
 *
 * @param expected issuer, and token URL made from it
 * @param now seconds since 1970
 * @returns the reason to refuse, for the log; the client learns only `invalid_client`
 */
export function assertionFault(
  claims: Readonly<Record<string, unknown>>,
  { expected, now }: { expected: readonly string[]; now: number },
): string | undefined {
  const { aud, sub, iss } = claims;
  if (typeof aud !== 'string' || !expected.includes(aud))
    return 'aud must be the issuer or its token URL, as one string';
  if (sub !== iss) return 'sub and iss must both be the client_id';
  return timesFault(claims, now);
}

/** What a client assertion may be for: the issuer, or the token URL made from it. */
export function audiences(issuer: string): readonly string[] {
  return [issuer, `${issuer}/token`];
}

/**
 * Whether an assertion could be this client's as far as its unsigned text tells. Nothing is decided by that but whether
 * it is worth the while to ask the client's server for its keys.
 */
export function isHopeful(
  assertion: unknown,
  context: { clientId: string; expected: readonly string[]; now: number },
): boolean {
  if (typeof assertion !== 'string') return false;
  try {
    const { alg } = decodeProtectedHeader(assertion);
    const claims = decodeJwt(assertion);
    const known = assertionAlgorithms.some((one) => one === alg);
    return known && claims.iss === context.clientId && assertionFault({ ...claims }, context) === undefined;
  } catch {
    return false;
  }
}
