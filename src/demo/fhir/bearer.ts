import { FhirRefusal } from './outcome.ts';

/** The challenges of RFC 6750 section 3 for one realm. */
export interface Challenges {
  /** 401 without an error code: the request had no token. */
  missing(): FhirRefusal;
  /** 400: the token was sent in a way that cannot be read. */
  malformed(diagnostics: string): FhirRefusal;
  /** 401: the token is none, has ended, or is meant for somebody else; which of them is not told. */
  invalid(): FhirRefusal;
  /** 403: no scope of the token opens what was asked for. */
  insufficient(diagnostics: string): FhirRefusal;
}

/**
 * Makes the refusals of a resource server that takes bearer tokens.
 *
 * @param realm the FHIR base
 */
export function createChallenges(realm: string): Challenges {
  const bare = `Bearer realm="${realm}"`;
  const challenge = (error: string) => ({ 'WWW-Authenticate': `${bare}, error="${error}"` });
  return {
    missing: () => new FhirRefusal(401, 'login', 'an access token is needed', { 'WWW-Authenticate': bare }),
    malformed: (diagnostics) => new FhirRefusal(400, 'invalid', diagnostics, challenge('invalid_request')),
    invalid: () =>
      new FhirRefusal(401, 'login', 'the access token is not valid here', challenge('invalid_token')),
    insufficient: (diagnostics) =>
      new FhirRefusal(403, 'forbidden', diagnostics, challenge('insufficient_scope')),
  };
}

// RFC 6750 section 2.1: b64token.
const form = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * Reads the access token of a request (RFC 6750 section 2.1).
 *
 * @param authorization the Authorization header; empty if there is none
 * @param inQuery whether the address carries an `access_token`: it would stay in logs and histories, so it is refused
 * @throws FhirRefusal 401 without a token, 400 for one that cannot be read
 */
export function readBearer(authorization: string, inQuery: boolean, challenges: Challenges): string {
  if (inQuery) throw challenges.malformed('the access token belongs into the Authorization header');
  if (!/^Bearer(?: |$)/i.test(authorization)) throw challenges.missing();
  const token = form.exec(authorization)?.[1];
  if (token === undefined) throw challenges.malformed('the Authorization header holds no bearer token');
  return token;
}
