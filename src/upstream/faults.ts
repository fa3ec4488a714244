import * as client from 'openid-client';

/**
 * Why a sign-in at a source came to nothing.
 *
 * `refused`: the person or the provider said no. `unavailable`: the provider does not answer. `untrusted`: what it said does
 * not hold: another issuer, audience or nonce, a wrong signature, a claim that cannot be. `closed`: nobody is known under this
 * identity, and the source makes no accounts. `incomplete`: an account would need more than was told. `known`: an identifier
 * belongs to another account. `differs`: the account has another identifier of the same kind. `blocked`: the account cannot be used.
 * `stale`: she signed in there too long ago for what is asked here, or the provider does not say when.
 */
export type SourceFaultKind =
  | 'refused'
  | 'unavailable'
  | 'untrusted'
  | 'closed'
  | 'incomplete'
  | 'known'
  | 'differs'
  | 'blocked'
  | 'stale';

export interface SourceFault {
  readonly kind: SourceFaultKind;
  /** For the log: an OAuth error code, or that of the check which failed; never what was sent. */
  readonly code: string;
}

/** The provider did not answer, or said itself that it cannot. A TypeError, because openid-client lets these through as they are. */
export class NoAnswer extends TypeError {}

/** The provider's metadata is not what an OpenID provider for us has. */
export class WrongProvider extends Error {}

/** Error codes with which a provider says that it cannot answer now (RFC 6749 section 4.1.2.1). */
const passing = new Set(['temporarily_unavailable', 'server_error']);

/** Error codes are short words (RFC 6749 appendix A.7); anything else is not written into a log. */
const asCode = (code: unknown) =>
  typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : 'unknown_error';

/** What a failed conversation with a provider comes to; undefined for a fault of our own. */
export function faultOf(error: unknown): SourceFault | undefined {
  if (error instanceof NoAnswer) return { kind: 'unavailable', code: 'no_answer' };
  if (error instanceof WrongProvider) return { kind: 'untrusted', code: error.message };
  if (error instanceof client.AuthorizationResponseError)
    return { kind: passing.has(error.error) ? 'unavailable' : 'refused', code: asCode(error.error) };
  if (error instanceof client.ResponseBodyError) return { kind: 'untrusted', code: asCode(error.error) };
  if (error instanceof client.WWWAuthenticateChallengeError)
    return { kind: 'untrusted', code: 'userinfo_refused' };
  if (error instanceof client.ClientError) return { kind: 'untrusted', code: asCode(error.code) };
  return undefined;
}

/** What an error says of itself, for the log: its message alone, because what is attached to it may be claims. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  return error instanceof NoAnswer && cause instanceof Error
    ? `${error.message}: ${cause.message}`
    : error.message;
}
