/** Addresses that stand for themselves. */
const exact = new Set([
  '/',
  '/auth',
  '/backchannel',
  '/health/live',
  '/health/ready',
  '/jwks',
  '/me',
  '/metrics',
  '/request',
  '/session/end',
  '/session/end/confirm',
  '/session/end/success',
  '/token',
  '/token/introspection',
  '/token/revocation',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
]);

/** Addresses with something in them that differs from request to request. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^\/auth\/[^/]+$/, '/auth/:uid'],
  [/^\/interaction\/[^/]+(?:\/[^/]+)?$/, '/interaction/:uid'],
  [/^\/assets\//, '/assets'],
  [/^\/demo(?:\/|$)/, '/demo'],
  [/^\/api\/admin\//, '/api/admin'],
  [/^\/(?:account|approvals|developer|admin)(?:\/|$)/, '/pages'],
];

const smartConfiguration = '/.well-known/smart-configuration';

/**
 * The name under which an address is measured: one of about twenty-five, whatever is asked for. Letter case and a closing
 * slash make no difference, as at the library's router.
 *
 * @param url a request target, with or without query
 */
export function endpointOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  const plain = path.toLowerCase().replace(/(?<=.)\/$/, '');
  if (exact.has(plain)) return plain;
  if (plain.endsWith(smartConfiguration)) return smartConfiguration;
  return patterns.find(([pattern]) => pattern.test(plain))?.[1] ?? 'other';
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The name under which a method is measured: those that are in use, and `other`. */
export function methodOf(method: string | undefined): string {
  return method !== undefined && methods.has(method) ? method : 'other';
}
