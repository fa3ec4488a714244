import type { Client } from '../clients/index.ts';
import { isPublic } from '../clients/index.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lives in seconds: decisions of the project, within the bounds of the documents (docs/sources.md). */
export const lifetimes = {
  code: MINUTE,
  idToken: 10 * MINUTE,
  /** A JWT lives 5 minutes at most; one more for clocks that differ. */
  longestJwt: 6 * MINUTE,
  /** How long a person may take over one page. */
  interaction: 30 * MINUTE,
  /** With all the time that she asks for: the same ten times more (WCAG 2.2, success criterion 2.2.1). */
  interactionEnd: 11 * 30 * MINUTE,
  /** An opaque access token that belongs to no API: it opens only `/me`. */
  signInToken: 5 * MINUTE,
  /** A browser in which nothing was authorised, and no page of the account was opened, for so long has forgotten who signed in. */
  sessionIdle: HOUR,
  /** However busy, a session ends this long after the password was typed. */
  sessionEnd: 12 * HOUR,
  /** A refresh token that is used again so soon was probably used by a client that lost the answer. */
  refreshRetry: 10,
  /** How long a decision about an application holds. */
  consent: 90 * DAY,
} as const;

/** How long a refresh token may lie unused, and how long its family may live at all, in seconds. */
export interface RefreshLife {
  readonly idle: number;
  readonly end: number;
}

/**
 * Whether a client's refresh tokens are used more than once: those that are of no use without two keys, because the client
 * proves with one who it is, and with the other that the token is its own (FAPI 2.0 security profile, section 5.3.2.1). The
 * library binds them to neither, so a secret, which can be handed on, is not enough.
 */
export function keepsRefreshToken(client: Pick<Client, 'metadata'>): boolean {
  const { token_endpoint_auth_method: method, dpop_bound_access_tokens: bound } = client.metadata;
  return method === 'private_key_jwt' && bound === true;
}

/**
 * The life of a client's refresh tokens. An application that runs in a browser keeps them where scripts can read them,
 * so theirs end within a day. A token that is kept gets no new life by being used, so it has all of it at once.
 */
export function refreshLife(client: Pick<Client, 'metadata'>): RefreshLife {
  const inBrowser = isPublic(client) && client.metadata.application_type !== 'native';
  if (inBrowser) return { idle: 8 * HOUR, end: DAY };
  return { idle: keepsRefreshToken(client) ? 90 * DAY : 30 * DAY, end: 90 * DAY };
}
