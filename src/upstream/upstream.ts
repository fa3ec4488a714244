import type { JWK } from 'jose';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';
import type { Outgoing } from '../outgoing/index.ts';
import type { Arrival } from './arrivals.ts';
import { readClaims, type Told } from './claims.ts';
import { type Begun, createConnector } from './connector.ts';
import { faultOf, reasonOf, type SourceFault } from './faults.ts';
import { type Freshness, timeFault } from './freshness.ts';
import type { Links, Owner } from './links.ts';
import { createSourceRequests, randomText } from './requests.ts';
import type { Source, Sources } from './sources.ts';

/** Seconds that somebody has for signing in at the provider. */
const SIGN_IN = 900;

/** Seconds until the browser must have come from the callback to the page that goes on. */
const HAND_OVER = 120;

/** Where a sign-in elsewhere leads. */
export interface Errand {
  /** Path of the page that goes on with it; the cookie of the hand-over is for it alone. */
  readonly page: string;
  /** Path of the page where she can try again. */
  readonly back: string;
  /** For what or whom it is: an interaction, an account. Whoever goes on must ask for the same. */
  readonly about: string;
  /** How lately she must have signed in there; undefined where that does not matter. */
  readonly fresh?: Freshness | undefined;
}

/** A cookie for one path, in which nothing stands but random text. */
export interface HandOver {
  readonly path: string;
  readonly name: string;
  readonly value: string;
  /** Seconds. */
  readonly life: number;
}

/** A sign-in elsewhere that failed, as far as a page tells. */
export interface Failed extends SourceFault {
  /** Name of the source. */
  readonly name: string;
  readonly back: string;
}

/** What of a sign-in elsewhere pages need. */
export interface Upstream {
  /** What a person may choose among. */
  offered(): Promise<readonly { readonly id: string; readonly name: string; readonly issuer: string }[]>;
  /** The keys with which we prove to the provider of a source who we are (RFC 7517). */
  keys(id: string): Promise<readonly JWK[] | undefined>;
  /** Sends somebody to a source; undefined where there is none of this id. */
  begin(
    id: string,
    errand: Errand,
  ): Promise<{ readonly url: URL; readonly name: string; readonly cookie: HandOver } | Failed | undefined>;
  /** Name of the cookie that goes with an answer, if it can be one of ours. */
  cookieOf(answer: URLSearchParams): string | undefined;
  /**
   * Takes the provider's answer, once and in the browser that was sent.
   *
   * @param secret of the cookie
   * @returns undefined for an answer that nobody waits for: wrong, used, over or another browser's
   */
  finish(
    id: string,
    answer: URLSearchParams,
    secret: string,
  ): Promise<{ readonly page: string; readonly cookie: HandOver } | Failed | undefined>;
  /** Name of the cookie of a hand-over. */
  readonly handOverCookie: string;
  /** Who arrived, once; undefined where nobody did for this. @param value of the cookie @param about as in the errand */
  accept(value: string, about: string): Promise<Arrival | undefined>;
}

/** The state of an answer, if it has one. */
function stateOf(answer: URLSearchParams): string | undefined {
  const [state, ...more] = answer.getAll('state');
  return state !== undefined && more.length === 0 && /^[\w-]{43}$/.test(state) ? state : undefined;
}

/** Sign-ins at other OpenID providers. @param issuer our own, under which callbacks are */
export function createUpstream(options: {
  issuer: string;
  db: Database;
  clock: Clock;
  /** The same that `sources` has. */
  seal: Seal;
  outgoing: Outgoing;
  sources: Sources;
  links: Pick<Links, 'ownerOf'>;
  /** Told what went wrong, for the log. `reason` has nothing of what was sent. */
  onFault: (source: string, fault: SourceFault, reason: string) => void;
}): Upstream {
  const { issuer, clock, sources, links, onFault } = options;
  const prefix = issuer.startsWith('https:') ? '__Secure-' : '';
  const handOverCookie = `${prefix}assent_arrival`;
  const connector = createConnector(options);
  const requests = createSourceRequests<{ begun: Begun; errand: Errand }>({ ...options, kind: 'request' });
  const handOvers = createSourceRequests<{ told: Told; about: string; owner?: Owner | undefined }>({
    ...options,
    kind: 'hand-over',
  });

  const find = async (id: string) => (await sources.offered()).find(({ settings }) => settings.id === id);
  // Two tabs may be on their way at once.
  const cookieNameOf = (state: string) => `${prefix}assent_source_${state.slice(0, 10)}`;

  function failed({ settings }: Source, errand: Errand, fault: SourceFault, reason: string): Failed {
    onFault(settings.id, fault, reason);
    return { ...fault, name: settings.name, back: errand.back };
  }

  /** What a conversation with the provider came to. */
  async function attempt<T>(source: Source, errand: Errand, work: () => Promise<T>): Promise<T | Failed> {
    try {
      return await work();
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      return failed(source, errand, fault, reasonOf(error));
    }
  }

  return {
    handOverCookie,
    async offered() {
      return (await sources.offered()).map(({ settings: { id, name, issuer: at } }) => {
        return { id, name, issuer: at };
      });
    },
    async keys(id) {
      const source = await find(id);
      return source && [source.publicJwk];
    },
    async begin(id, errand) {
      const source = await find(id);
      if (source === undefined) return undefined;
      return attempt(source, errand, async () => {
        const ticket = { state: randomText(), secret: randomText() };
        const { url, begun } = await connector.begin(source, ticket.state, errand.fresh?.longest);
        await requests.keep(id, ticket, { begun, errand }, SIGN_IN);
        const name = cookieNameOf(ticket.state);
        const cookie = { path: `/sources/${id}/callback`, name, value: ticket.secret, life: SIGN_IN };
        return { url, name: source.settings.name, cookie };
      });
    },
    cookieOf(answer) {
      const state = stateOf(answer);
      return state && cookieNameOf(state);
    },
    async finish(id, answer, secret) {
      const source = await find(id);
      const state = stateOf(answer);
      if (source === undefined || state === undefined) return undefined;
      const kept = await requests.take(id, { state, secret });
      if (kept === undefined) return undefined;
      const { begun, errand } = kept;
      return attempt(source, errand, async () => {
        const { idToken, userinfo } = await connector.finish(source, answer, state, begun);
        const read = readClaims(source.settings, idToken, userinfo);
        if ('fault' in read)
          return failed(source, errand, { kind: 'untrusted', code: 'claim_refused' }, read.fault);
        const late = timeFault(source.settings, errand.fresh, read.told.signedInAt, clock.seconds());
        if (late !== undefined)
          return failed(source, errand, { kind: 'stale', code: late }, 'the sign-in there is not fresh');
        const ticket = { state: '', secret: randomText() };
        const owner = await links.ownerOf(source.settings.issuer, read.told.subject);
        await handOvers.keep(id, ticket, { told: read.told, about: errand.about, owner }, HAND_OVER);
        const value = `${id}.${ticket.secret}`;
        return {
          page: errand.page,
          cookie: { path: errand.page, name: handOverCookie, value, life: HAND_OVER },
        };
      });
    },
    async accept(value, about) {
      const [id = '', secret = ''] = value.split('.');
      const source = await find(id);
      const kept = source && (await handOvers.take(id, { state: '', secret }));
      if (kept?.about !== about || source === undefined) return undefined;
      return { source, told: kept.told, owner: kept.owner };
    },
  };
}
