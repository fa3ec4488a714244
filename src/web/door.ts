import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** What the door lets in: who is calling. Or why it does not. */
export type Passage = { readonly source: string } | { readonly refusal: string };

/** The header in which the door says who is calling. */
const CALLER = 'x-forwarded-for';

/** Who sent a request that passed the door. */
export function callerOf(req: IncomingMessage): string {
  const stamped = req.headers[CALLER];
  return typeof stamped === 'string' ? stamped : 'unknown';
}

export interface Door {
  /**
   * Checks where a request says it goes and who sent it, and stamps the issuer's origin and the caller's address on it, so
   * that nothing behind the door can be misled by `Host` or forwarded headers.
   */
  enter(req: IncomingMessage): Passage;
}

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function asRange(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** An address without port and brackets, IPv4 in its own form; undefined for anything else. */
function plainAddress(text: string): string | undefined {
  const bare = text.trim();
  const host = bare.match(/^\[(.+)\](?::\d+)?$/)?.[1] ?? bare.match(/^([\d.]+):\d+$/)?.[1] ?? bare;
  return ipaddr.isValid(host) ? ipaddr.process(host).toString() : undefined;
}

/** How many Host headers there are; names stand at the even places. */
function hostHeaders(rawHeaders: readonly string[]): number {
  return rawHeaders.filter(
    (name, index) => index % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host',
  ).length;
}

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value.join(',') : value)?.split(',')[0]?.trim().toLowerCase();

/** Nobody behind the door reads these. */
const forwardedHeaders = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip'];

/**
 * The door in front of everything but health checks and metrics.
 *
 * @param issuer the issuer identifier: only requests for its origin pass
 * @param trustProxy addresses and networks whose forwarded headers are believed
 */
export function createDoor(options: { issuer: string; trustProxy: readonly string[] }): Door {
  const issuer = new URL(options.issuer);
  const scheme = issuer.protocol.slice(0, -1);
  const port = scheme === 'https' ? '443' : '80';
  const hosts = new Set([issuer.host, issuer.port === '' ? `${issuer.host}:${port}` : issuer.host]);
  const ranges = options.trustProxy.map(asRange);

  function trusted(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
  }

  /**
   * The nearest address that is no trusted proxy: what stands left of it, anyone could have written. An entry that
   * cannot be read ends the search at the last proxy that was sure.
   */
  function caller(req: IncomingMessage): string {
    const peer = req.socket.remoteAddress ?? 'unknown';
    if (ranges.length === 0) return peer.replace(/^::ffff:/, '');
    let nearest = plainAddress(peer) ?? 'unknown';
    const chain = String(req.headers[CALLER] ?? '').split(',');
    while (chain.length > 0 && trusted(nearest)) {
      const before = plainAddress(chain.pop() ?? '');
      if (before === undefined) break;
      nearest = before;
    }
    return nearest;
  }

  return {
    enter(req) {
      const { headers } = req;
      const url = req.url ?? '';
      // RFC 9112 section 3.2: exactly one; Node would go on with the first of several.
      if (hostHeaders(req.rawHeaders) !== 1) return { refusal: 'there must be one Host header' };
      // RFC 9112 section 6.1: a coding that nobody understands is none to be overlooked.
      const coding = headers['transfer-encoding'];
      if (coding !== undefined && coding.toLowerCase() !== 'chunked')
        return { refusal: 'the transfer coding must be chunked' };
      if (!url.startsWith('/') || url.startsWith('//'))
        return { refusal: 'the request target must be a path' };
      // RFC 9112 section 3.2.1: neither a fragment nor a space nor anything beyond ASCII. Koa would take another address for
      // such a one than the limits on load do.
      if (!/^[\x21\x22\x24-\x7e]*$/.test(url))
        return { refusal: 'the request target must be in ASCII, without a fragment' };
      if (url.includes('%00')) return { refusal: 'the address contains the character U+0000' };
      const viaProxy = ranges.length > 0 && trusted(req.socket.remoteAddress ?? '');
      const host =
        (viaProxy ? first(headers['x-forwarded-host']) : undefined) ?? headers.host?.toLowerCase() ?? '';
      const sentScheme = (viaProxy ? first(headers['x-forwarded-proto']) : undefined) ?? scheme;
      if (!hosts.has(host) || sentScheme !== scheme)
        return { refusal: 'this server does not answer under that address' };
      const source = caller(req);
      for (const name of forwardedHeaders) delete headers[name];
      headers.host = issuer.host;
      headers['x-forwarded-proto'] = scheme;
      headers[CALLER] = source;
      return { source };
    },
  };
}
