/** The limits on load for which requests are counted before anything is done for them. */
export type LoadGroup = 'pages' | 'endpoints';

/** What is settled for an address. */
export interface Settled {
  /**
   * `entrance`: the entrance itself, whatever the `Host` of the request. `site`: our own pages. `provider`: the OpenID
   * provider, which also says of every unknown address that it does not exist.
   */
  readonly answers: 'entrance' | 'site' | 'provider';
  /**
   * `people`: in a browser. `programs`: nobody else; the answers have few headers, and a fault is JSON whatever the request
   * accepts. `both`: made for programs, but a browser may be led there, so that its answers have the headers of pages.
   */
  readonly readers: 'people' | 'programs' | 'both';
  /** For which limit a request counts. */
  readonly load: LoadGroup | 'none';
  /** The name under which it is measured; `other` where nothing is, and for all that anybody may make up. */
  readonly name: string;
}

/**
 * One address, or all of one form. In the path a segment that begins with a colon stands for any one segment, and `*` at the
 * beginning or the end for anything. `coming`: nothing is there yet. Until that word is taken away only the name holds,
 * and the provider says that the address does not exist.
 */
export type Row = readonly [
  path: string,
  answers: Settled['answers'],
  readers: Settled['readers'],
  load: Settled['load'],
  name: Settled['name'],
  coming?: 'coming',
];

const smart = '/.well-known/smart-configuration';
const openid = '/.well-known/openid-configuration';
const oauth = '/.well-known/oauth-authorization-server';

/**
 * Every address that is answered, and those that will be. A path without `:` and `*` goes before all others; of those the
 * first that fits holds.
 */
export const rows: readonly Row[] = [
  ['/health/live', 'entrance', 'both', 'none', '/health/live'],
  ['/health/ready', 'entrance', 'both', 'none', '/health/ready'],
  ['/health/*', 'entrance', 'both', 'none', 'other'],
  ['/metrics', 'entrance', 'both', 'none', '/metrics'],

  ['/', 'site', 'people', 'pages', '/'],
  [`*${smart}`, 'site', 'both', 'endpoints', smart],
  [`${smart}/:api`, 'site', 'both', 'endpoints', smart],
  [`${smart}/*`, 'site', 'both', 'endpoints', 'other'],
  ['/interaction/:uid', 'site', 'people', 'pages', '/interaction/:uid'],
  ['/interaction/:uid/:step', 'site', 'people', 'pages', '/interaction/:uid'],
  ['/interaction/*', 'site', 'people', 'pages', 'other'],
  ['/interaction', 'provider', 'people', 'pages', 'other'],
  ['/account', 'site', 'people', 'pages', '/pages'],
  ['/account/*', 'site', 'people', 'pages', '/pages'],
  ['/sources/:id/callback', 'site', 'people', 'pages', '/sources/:id/callback'],
  ['/sources/:id/jwks', 'site', 'both', 'endpoints', '/sources/:id/jwks'],
  ['/assets/*', 'site', 'people', 'none', '/assets'],
  ['/demo', 'site', 'people', 'none', '/demo'],
  ['/demo/*', 'site', 'people', 'none', '/demo'],

  ['/auth', 'provider', 'people', 'pages', '/auth'],
  ['/auth/:uid', 'provider', 'people', 'pages', '/auth/:uid'],
  ['/auth/*', 'provider', 'people', 'pages', 'other'],
  ['/session/end', 'provider', 'people', 'pages', '/session/end'],
  ['/session/end/confirm', 'provider', 'people', 'pages', '/session/end/confirm'],
  ['/session/end/success', 'provider', 'people', 'pages', '/session/end/success'],
  ['/session', 'provider', 'people', 'pages', 'other'],
  ['/session/*', 'provider', 'people', 'pages', 'other'],

  ['/token', 'provider', 'programs', 'endpoints', '/token'],
  ['/token/introspection', 'provider', 'programs', 'endpoints', '/token/introspection'],
  ['/token/revocation', 'provider', 'programs', 'endpoints', '/token/revocation'],
  ['/token/*', 'provider', 'programs', 'none', 'other'],
  ['/request', 'provider', 'both', 'endpoints', '/request'],
  ['/me', 'provider', 'both', 'endpoints', '/me'],
  ['/jwks', 'provider', 'both', 'endpoints', '/jwks'],
  [openid, 'provider', 'both', 'endpoints', openid],
  [oauth, 'provider', 'both', 'endpoints', oauth],

  ['/approvals', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/approvals/*', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/developer', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/developer/*', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/admin', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/admin/*', 'site', 'people', 'pages', '/pages', 'coming'],
  ['/api/admin/*', 'site', 'programs', 'endpoints', '/api/admin', 'coming'],
  ['/backchannel', 'provider', 'programs', 'endpoints', '/backchannel', 'coming'],
];
