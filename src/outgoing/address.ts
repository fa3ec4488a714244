import ipaddr from 'ipaddr.js';

/**
 * Whether an IP address belongs to the public Internet: neither loopback, private, link-local, multicast, nor
 * any of the ranges that stand for another address (IPv4 in IPv6, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  // Of IPv6 only 2000::/3 is given out as global unicast (RFC 4291 section 2.4).
  const global = parsed.kind() === 'ipv4' || parsed.match(ipaddr.parseCIDR('2000::/3'));
  return global && parsed.range() === 'unicast';
}

/** `host:port` of a URL with the protocol's default port written out, lower case. */
export function hostPort(url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `${url.hostname}:${port}`.toLowerCase();
}

/**
 * Why Assent would not call a URL, as far as its text tells; names are looked at again when they are resolved.
 *
 * @param allowed `host:port` entries of OUTGOING_ALLOW
 * @returns a sentence that follows the URL's name, or undefined
 */
export function addressFault(url: string, allowed: readonly string[]): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return 'is not a URL';
  if (parsed.username !== '' || parsed.password !== '') return 'must not contain a user or password';
  if (allowed.includes(hostPort(parsed))) {
    return ['https:', 'http:'].includes(parsed.protocol) ? undefined : 'must be an https address';
  }
  if (parsed.protocol !== 'https:') return 'must be an https address';
  const host = parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (ipaddr.isValid(host) && !isPublicAddress(host)) return 'must not point to a private or local address';
  if (host === 'localhost' || host.endsWith('.localhost'))
    return 'must not point to a private or local address';
  return undefined;
}
