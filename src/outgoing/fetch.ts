import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, fetch } from 'undici';
import { AssentError } from '../errors.ts';
import { addressFault, hostPort, isPublicAddress } from './address.ts';

/** Milliseconds for the whole of an outgoing request. */
const TIMEOUT = 2500;

const refused = (host: string) =>
  new AssentError('address_refused', 'The address is not public', {
    detail: `${host} resolves to no public address`,
  });

/** Asks name servers for every address of a host. */
export type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  callback: (error: Error | null, addresses?: LookupAddress[]) => void,
) => void;

/** Resolves a name and keeps only public addresses, so that no connection to another one is even opened. */
function publicLookup(resolve: Resolve): LookupFunction {
  return (host, options: LookupOptions, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses = []) => {
      if (error !== null) return callback(error, '', 0);
      const open = addresses.filter(({ address }) => isPublicAddress(address));
      const first = open[0];
      if (first === undefined) return callback(refused(host), '', 0);
      if (options.all) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };
}

/** What the callers of `Outgoing.fetch` may say about a request. */
export interface OutgoingRequest {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string>;
  readonly body?: string;
}

export interface Outgoing {
  /** Calls a URL; redirects are not followed. @throws AssentError `address_refused` for a target that is not public */
  fetch(url: string, request?: OutgoingRequest): Promise<Response>;
  /** Why a URL would not be called, as far as its text tells. */
  addressFault(url: string): string | undefined;
  close(): Promise<void>;
}

/**
 * The only way out of the program: https to public addresses, checked before the connection is opened
 * (a check after connecting would still let a caller scan the inner network by timing). Hosts in
 * OUTGOING_ALLOW are exempt.
 *
 * @param allowed `host:port` entries of OUTGOING_ALLOW
 * @param resolve how names are resolved
 */
export function createOutgoing(allowed: readonly string[], resolve: Resolve = lookup): Outgoing {
  const guarded = new Agent({ connect: { lookup: publicLookup(resolve), timeout: TIMEOUT } });
  const open = new Agent({ connect: { timeout: TIMEOUT } });
  const fault = (url: string) => addressFault(url, allowed);
  return {
    addressFault: fault,
    async fetch(url, { method = 'GET', headers = {}, body } = {}) {
      const reason = fault(url);
      if (reason !== undefined)
        throw new AssentError('address_refused', 'The address is not public', {
          detail: `${url} ${reason}`,
        });
      const response = await fetch(url, {
        method,
        headers: headers instanceof Headers ? Object.fromEntries(headers) : headers,
        body: body ?? null,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
        dispatcher: allowed.includes(hostPort(new URL(url))) ? open : guarded,
      });
      return response as unknown as Response;
    },
    async close() {
      await Promise.all([guarded.close(), open.close()]);
    },
  };
}
