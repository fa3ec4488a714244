import type { ExpiringTable } from './db/index.ts';

/**
 * How long what has expired stays, in seconds: the node that clears away may be a minute ahead of the database and another a
 * minute behind, which takes an assertion for ten seconds after its end and must find there that it was used.
 */
const GRACE = 180;

const DAY = 24 * 3600;

const untilExpiry = (name: string): ExpiringTable => ({
  name,
  column: 'expires_at',
  type: 'timestamptz',
  kept: GRACE,
});

/**
 * Every table that is cleared away from; what is in no row here stays for good, but for signing keys, which `keys/` forgets itself. In one list, and not with each feature, because
 * it is read as a whole: by whoever asks how long something is kept. Nothing here is looked for after its end: a code or
 * refresh token that comes back then is unknown, and the copy of a key set expires only when it may not serve any more.
 */
export const expiringTables: readonly ExpiringTable[] = [
  untilExpiry('oidc_artefacts'),
  untilExpiry('replay_guards'),
  untilExpiry('consent_answers'),
  untilExpiry('remote_jwks'),
  untilExpiry('revocations'),
  untilExpiry('source_requests'),
  untilExpiry('browser_sessions'),
  untilExpiry('logout_notices'),
  untilExpiry('one_time_links'),
  untilExpiry('mails'),
  { name: 'rate_limits', column: 'expire', type: 'bigint', kept: GRACE },
  { name: 'anonymous_denials', column: 'minute', type: 'timestamptz', kept: 90 * DAY },
];
