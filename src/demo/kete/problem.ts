import * as client from 'openid-client';

/**
 * Why Kete Health cannot go on.
 *
 * - `denied`: the person said no
 * - `expired`: the answer belongs to no sign-in of this browser, or to one that is over
 * - `foreign`: a form was sent from another site
 * - `mistake`: the server refused the request or gave an answer that must not be believed
 * - `unreachable`: the server does not answer
 * - `noRecord`: access was given, but to nobody's record
 * - `ended`: access is over
 * - `refused`: the record opens nothing at all
 * - `unavailable`: the record does not answer
 */
export type ProblemKind =
  | 'denied'
  | 'expired'
  | 'foreign'
  | 'mistake'
  | 'unreachable'
  | 'noRecord'
  | 'ended'
  | 'refused'
  | 'unavailable';

/** A problem with what a developer wants to know of it; both are empty where there is nothing more to say. */
export interface Problem {
  readonly kind: ProblemKind;
  /** OAuth error code, or that of the client library. */
  readonly code: string;
  readonly description: string;
}

/** What `demo/problem.njk` shows. */
export type ProblemModel = Problem;

/** HTTP status of each page. A person's own choice is no error. */
export const problemStatus: Readonly<Record<ProblemKind, number>> = {
  denied: 200,
  expired: 400,
  foreign: 403,
  mistake: 502,
  unreachable: 503,
  noRecord: 403,
  ended: 403,
  refused: 403,
  unavailable: 503,
};

/** Longest text of the other side that is shown. */
const LONGEST = 300;

/** A problem; the texts of the other side are cut to a length that fits on a page. */
export function problem(kind: ProblemKind, code = '', description = ''): Problem {
  return { kind, code: code.slice(0, LONGEST), description: description.slice(0, LONGEST) };
}

/** Codes of openid-client that mean that no usable answer came at all. */
const silent = new Set(['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

/**
 * What an error of openid-client means for the person.
 *
 * @returns undefined for an error that is not the other side's: a fault of ours
 */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof client.AuthorizationResponseError) {
    const kind = error.error === 'access_denied' ? 'denied' : 'mistake';
    return problem(kind, error.error, error.error_description);
  }
  if (error instanceof client.ResponseBodyError) {
    const kind = error.status >= 500 ? 'unreachable' : 'mistake';
    return problem(kind, error.error, error.error_description);
  }
  if (error instanceof client.WWWAuthenticateChallengeError) return problem('mistake', error.code);
  if (error instanceof client.ClientError) {
    const code = error.code ?? '';
    return problem(silent.has(code) ? 'unreachable' : 'mistake', code);
  }
  // How fetch says that there is no connection; its other TypeErrors have no cause.
  if (error instanceof TypeError && error.cause !== undefined) return problem('unreachable');
  return undefined;
}
