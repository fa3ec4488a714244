import ipaddr from 'ipaddr.js';

/** What counts as one source: an IPv4 address, or the 64 bits of IPv6 that one subscriber has at least (RFC 6177). */
export function networkOf(source: string): string {
  if (!source.includes(':') || !ipaddr.isValid(source)) return source;
  const address = ipaddr.process(source);
  return address.kind() === 'ipv4'
    ? address.toString()
    : address.toNormalizedString().split(':', 4).join(':');
}
