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

/** Addresses of the person's own machine (RFC 8252 section 7.3). `localhost` is none: it may resolve to another one. */
const loopback = new Set(['127.0.0.1', '[::1]']);

function schemeFault(url: URL, { native, issuer }: { native: boolean; issuer: string }): string | undefined {
  if (dangerousSchemes.has(url.protocol)) return `must not use the scheme ${url.protocol.slice(0, -1)}`;
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:') {
    if (loopback.has(url.hostname)) return undefined;
    return url.origin === new URL(issuer).origin && !native
      ? undefined
      : 'must be https; http is only for 127.0.0.1 and [::1]';
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
 * @param context `native`: whether the client is an application on the person's device; `issuer`: our own identifier,
 *   under whose origin the demonstration runs
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
  if (uri.includes('#')) return 'must not have a fragment';
  if (url.username !== '' || url.password !== '') return 'must not have a user name';
  return schemeFault(url, context);
}
