import { RateLimiterMemory } from 'rate-limiter-flexible';
import { networkOf } from './network.ts';

/** Requests a minute, each for one node; 0 for no limit. */
export interface LoadNumbers {
  /** For pages, from one source. */
  readonly pages: number;
  /** For what programs ask, from one source. */
  readonly endpoints: number;
  /** By one client that has proved who it is. */
  readonly client: number;
  /** With credentials that were refused, from one source. */
  readonly refusedSource: number;
  /** With credentials that were refused, from one source under one `client_id`. Smaller, so that one client with an old
   * secret does not keep out the others behind the same gateway. */
  readonly refusedClient: number;
}

export type LoadGroup = 'pages' | 'endpoints';

/** As the library takes them: in whatever case, and with a slash at the end. */
const endpoints = /^\/(?:token(?:\/(?:introspection|revocation))?|request|me|jwks)\/?$|\/\.well-known\//i;
const pages = /^\/(?:$|(?:auth|interaction|session)(?:\/|$))/i;

/** Which limit a path falls under; undefined for health, style sheets and the demo. */
export function groupOf(path: string): LoadGroup | undefined {
  if (endpoints.test(path)) return 'endpoints';
  return pages.test(path) ? 'pages' : undefined;
}

/** Seconds to wait, 1 or more; undefined for none. */
type Wait = Promise<number | undefined>;

/** Limits that protect one node from load, in its own memory. Sources are addresses as `door` tells them. */
export interface LoadLimits {
  /** Counts a request, before anything is done for it. */
  request(source: string, group: LoadGroup): Wait;
  /** Counts a request of a client that has proved who it is. */
  client(clientId: string): Promise<void>;
  /**
   * Whether a request in the name of a client will not be looked at, because too many credentials were refused or the client
   * itself has sent too many. Counts nothing.
   */
  credentials(source: string, clientId: string | undefined): Wait;
  /** Counts credentials that were refused. */
  refused(source: string, clientId: string | undefined): Promise<void>;
}

/** Seconds in which requests are counted together. */
const MINUTE = 60;

/** Counts per minute, beginning with the first request: about half a microsecond each. */
export function createLoadLimits(numbers: LoadNumbers): LoadLimits {
  // The library compares with one number; ours differ by what is counted.
  const counts = new RateLimiterMemory({ points: 1, duration: MINUTE, keyPrefix: '' });
  const asWait = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

  async function count(key: string, most: number): Wait {
    if (most === 0) return undefined;
    const { consumedPoints, msBeforeNext } = await counts.penalty(key);
    return consumedPoints > most ? asWait(msBeforeNext) : undefined;
  }

  async function usedUp(key: string, most: number): Wait {
    if (most === 0) return undefined;
    const found = await counts.get(key);
    if (found === null || found.msBeforeNext <= 0 || found.consumedPoints < most) return undefined;
    return asWait(found.msBeforeNext);
  }

  const sourceKey = (source: string) => `refused ${networkOf(source)}`;
  // Nobody has a longer one, and anybody may send one.
  const pairKey = (source: string, clientId: string) => `${sourceKey(source)} ${clientId.slice(0, 100)}`;

  return {
    request: (source, group) => count(`${group} ${networkOf(source)}`, numbers[group]),
    async client(clientId) {
      await count(`client ${clientId}`, numbers.client);
    },
    async credentials(source, clientId) {
      const wait = await usedUp(sourceKey(source), numbers.refusedSource);
      if (wait !== undefined || clientId === undefined) return wait;
      return (
        (await usedUp(pairKey(source, clientId), numbers.refusedClient)) ??
        usedUp(`client ${clientId}`, numbers.client)
      );
    },
    async refused(source, clientId) {
      await count(sourceKey(source), numbers.refusedSource);
      if (clientId !== undefined) await count(pairKey(source, clientId), numbers.refusedClient);
    },
  };
}
