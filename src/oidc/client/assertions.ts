import { decodeJwt, decodeProtectedHeader } from 'jose';
import { errors } from 'oidc-provider';
import { assertionAlgorithms } from '../../clients/index.ts';
import { isStorable } from '../../db/index.ts';

/** How far ahead an assertion may expire, in seconds (SMART backend services: five minutes at most). */
export const LONGEST_ASSERTION = 300;

/** How far a client's clock may be ahead of ours, in seconds. */
export const CLOCK_TOLERANCE = 10;

const LONGEST_JTI = 255;

/** Parameters of a request. The library silently drops those after the thousandth, so a second `scope` could hide there. */
const MOST_PARAMETERS = 100;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

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

/**
 * What is wrong with the times and the identifier of an assertion by a client.
 *
 * @param now seconds since 1970
 */
export function timesFault(claims: Readonly<Record<string, unknown>>, now: number): string | undefined {
  const { exp, iat, nbf, jti } = claims;
  if (!isTime(exp)) return 'exp must be whole seconds';
  if (exp <= now - CLOCK_TOLERANCE) return 'exp has passed';
  if (exp > now + LONGEST_ASSERTION) return `exp must be at most ${LONGEST_ASSERTION} s ahead`;
  for (const [name, value] of Object.entries({ iat, nbf })) {
    if (value === undefined) continue;
    if (!isTime(value)) return `${name} must be whole seconds`;
    if (value > now + CLOCK_TOLERANCE) return `${name} must be at most ${CLOCK_TOLERANCE} s ahead`;
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI || /\p{Cc}/u.test(jti)) {
    return `jti must be a text of at most ${LONGEST_JTI} characters without control characters`;
  }
  return undefined;
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

type Body = Readonly<Record<string, unknown>>;

/**
 * Refuses at the door what the library would overlook in a request body: U+0000, which PostgreSQL cannot store, in
 * any parameter; more parameters than any request has; and a `client_secret` beside another authentication method
 * (RFC 6749 section 2.3), which the library drops unseen because `client_secret_post` is not offered.
 *
 * @throws InvalidRequest
 */
export function checkBody(body: Body | undefined, hasAuthorization: boolean): void {
  if (body === undefined) return;
  // A decoded form has no broken surrogate pairs, so U+0000 is all that can be wrong.
  if (!isStorable(body)) {
    throw new errors.InvalidRequest('a parameter contains the character U+0000');
  }
  let parameters = 0;
  let repeated = false;
  for (const [name, value] of Object.entries(body)) {
    parameters += Array.isArray(value) ? value.length : 1;
    // Also those that the grant does not know, which the library passes over (RFC 6749 section 3.2; RFC 8707 section 2).
    if (name !== 'resource' && Array.isArray(value)) repeated = true;
  }
  if (parameters > MOST_PARAMETERS) throw new errors.InvalidRequest('too many parameters');
  if (repeated) throw new errors.InvalidRequest('a parameter must not be provided twice');
  // A parameter without a value counts as left out (RFC 6749 section 3.2).
  if (body.client_secret && (hasAuthorization || body.client_assertion)) {
    throw new errors.InvalidRequest('client authentication must only be provided using one mechanism');
  }
}
