/** Longest address that is registered, in characters. */
const LONGEST = 2000;

/** Schemes that a browser runs or reads itself instead of handing them to an application. */
const dangerousSchemes = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'view-source:',
  'ws:',
  'wss:',
  'ftp:',
]);

/** Parameters of an authorisation response (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207). */
const responseParameters = ['code', 'state', 'error', 'error_description', 'error_uri', 'iss'];

/** Addresses of the person's own machine (RFC 8252 section 7.3). `localhost` is none: it may resolve to another one. */
const loopback = new Set(['127.0.0.1', '[::1]']);

function schemeFault(url: URL, { native, issuer }: { native: boolean; issuer: string }): string | undefined {
  if (dangerousSchemes.has(url.protocol)) return `must not use the scheme ${url.protocol.slice(0, -1)}`;
  if (url.protocol === 'https:')
    return native && (loopback.has(url.hostname) || url.hostname === 'localhost')
      ? 'must not name the device itself with https'
      : undefined;
  if (url.protocol === 'http:') {
    const trial = issuer.startsWith('http:');
    if (loopback.has(url.hostname) && (native || trial)) return undefined;
    return trial && url.origin === new URL(issuer).origin && !native
      ? undefined
      : 'must be https; http is only for 127.0.0.1 and [::1], and only for native clients';
  }
  if (!native) return 'must be a web address for a client of application_type web';
  return url.protocol.includes('.')
    ? undefined
    : 'must use a scheme that is a reversed domain name, such as com.example.app';
}

/**
 * What is wrong with an address that the browser is sent to, as a client registers it (RFC 9700 sections 2.1 and 4.1.3,
 * RFC 8252 sections 7.1 to 7.3 and 8.3). Addresses are compared character by character later, so only those are taken
 * that mean the same to everybody who reads them.
 *
 * @param context `native`: whether the client is an application on the person's device; `issuer`: our own identifier; one
 *   of http is for trying out, and lets pages on the person's own machine, and the demonstration's, be sent back to
 * @returns the fault in words that follow the address, or undefined
 */
export function redirectUriFault(
  uri: string,
  context: { readonly native: boolean; readonly issuer: string },
): string | undefined {
  if (uri.length > LONGEST) return `must have at most ${LONGEST} characters`;
  if (!/^[\x21-\x7e]+$/.test(uri) || /["<>\\^`{|}*]/.test(uri))
    return 'must be printable ASCII without spaces, wildcards, backslashes, quotes and brackets';
  const url = URL.parse(uri);
  if (url === null || url.href !== (url.pathname === '/' && !uri.endsWith('/') ? `${uri}/` : uri))
    return 'must be an absolute URI in its plain form: lower-case scheme and host, no default port, no dot segments';
  if (!/^(\[[0-9a-f:]+\]|[a-z0-9.-]*)$/.test(url.hostname))
    return 'must have a host of letters, digits, dots and hyphens';
  if (uri.includes('#')) return 'must not have a fragment';
  const taken = responseParameters.find((name) => url.searchParams.has(name));
  if (taken !== undefined) return `must not have the parameter ${taken}, which belongs to the response`;
  if (url.username !== '' || url.password !== '') return 'must not have a user name';
  return schemeFault(url, context);
}
