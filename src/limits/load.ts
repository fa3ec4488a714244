import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { LoadGroup } from '../addresses/index.ts';
import type { Clock } from '../clock.ts';
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

/** Seconds to wait, 1 or more; undefined for none. */
type Wait = number | undefined;

/** Limits that protect one node from load, in its own memory. Sources are addresses as `door` tells them. */
export interface LoadLimits {
  /** Counts a request, before anything is done for it. */
  request(source: string, group: LoadGroup): Promise<Wait>;
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
export function createLoadLimits({ numbers, clock }: { numbers: LoadNumbers; clock: Clock }): LoadLimits {
  // The library compares with one number; ours differ by what is counted.
  const counts = new RateLimiterMemory({ points: 1, duration: MINUTE, keyPrefix: '' });
  /** What has reached its number, and until when it waits, in milliseconds since 1970: for a look at every request. */
  const full = new Map<string, number>();
  const asWait = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

  async function count(key: string, most: number): Promise<Wait> {
    if (most === 0) return undefined;
    const { consumedPoints, msBeforeNext } = await counts.penalty(key);
    return consumedPoints > most ? asWait(msBeforeNext) : undefined;
  }

  /** Counts what may keep the next request from being looked at. */
  async function countUp(key: string, most: number): Promise<void> {
    if (most === 0) return;
    const { consumedPoints, msBeforeNext } = await counts.penalty(key);
    if (consumedPoints < most || full.has(key)) return;
    const end = clock.now().getTime() + msBeforeNext;
    full.set(key, end);
    setTimeout(() => full.get(key) === end && full.delete(key), msBeforeNext).unref();
  }

  function usedUp(key: string): Wait {
    const end = full.get(key);
    if (end === undefined) return undefined;
    const left = end - clock.now().getTime();
    if (left > 0) return asWait(left);
    full.delete(key);
    return undefined;
  }

  const sourceKey = (source: string) => `refused ${networkOf(source)}`;
  // Nobody has a longer one, and anybody may send one.
  const pairKey = (source: string, clientId: string) => `${sourceKey(source)} ${clientId.slice(0, 100)}`;

  return {
    request: (source, group) => count(`${group} ${networkOf(source)}`, numbers[group]),
    async client(clientId) {
      await countUp(`client ${clientId}`, numbers.client);
    },
    credentials(source, clientId) {
      if (full.size === 0) return undefined;
      const wait = usedUp(sourceKey(source));
      if (wait !== undefined || clientId === undefined) return wait;
      return usedUp(pairKey(source, clientId)) ?? usedUp(`client ${clientId}`);
    },
    async refused(source, clientId) {
      await countUp(sourceKey(source), numbers.refusedSource);
      if (clientId !== undefined) await countUp(pairKey(source, clientId), numbers.refusedClient);
    },
  };
}
