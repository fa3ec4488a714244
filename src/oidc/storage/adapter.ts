import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import Provider, { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { isStorable } from '../../db/index.ts';
import { lifetimes } from '../lifetimes.ts';
import type { ReplayGuard } from './replay-guard.ts';
import type { PlacedArtefact, SqlStore } from './sql-store.ts';
import type { Artefact, ArtefactStore, StoredArtefact } from './store.ts';

/** Models whose loss costs no more than a new sign-in. */
const volatileModels = new Set(['Session', 'Interaction', 'PushedAuthorizationRequest']);

/** Grant ids are no secrets, and other artefacts refer to them. */
const plainIds = new Set(['Grant']);

const unsupported = async (): Promise<never> => {
  throw new Error('oidc-provider called an adapter method that this model does not have');
};

const digest = (value: string) => createHash('sha256').update(value).digest('base64url');

/** The name under which a bearer value is kept: whoever reads the database cannot use it. */
export function keptId(model: string, id: string): string {
  return plainIds.has(model) ? id : digest(id);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * Takes out of a payload what must not be stored: `jti` repeats the bearer value, an interaction's
 * `session.cookie` is the session's (and is never read again), `consumed` has its own column.
 */
function withoutSecrets(payload: AdapterPayload): Record<string, unknown> {
  const { jti: _jti, consumed: _consumed, ...rest } = payload;
  if (rest.session?.cookie === undefined) return rest;
  const { cookie: _cookie, ...session } = rest.session;
  return { ...rest, session };
}

/** The instant at which something expires. @throws InvalidRequest for a life that no calendar holds */
function expiry(expiresIn: number, clock: Clock): Date {
  const at = new Date(clock.now().getTime() + expiresIn * 1000);
  if (Number.isNaN(at.getTime())) throw new errors.InvalidRequest('the request contains a time out of range');
  return at;
}

function asArtefact(
  model: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
  clock: Clock,
): Artefact {
  const kept = withoutSecrets(payload);
  if (!isStorable(kept))
    throw new errors.InvalidRequest('the request contains a value that cannot be stored');
  return {
    payload: kept,
    // An interaction names the grant that it began with, but does not end with it.
    grantId: volatileModels.has(model) ? undefined : text(payload.grantId),
    uid: text(payload.uid),
    userCode: text(payload.userCode),
    accountId: text(payload.accountId),
    clientId: text(payload.clientId),
    expiresAt: expiresIn === undefined ? undefined : expiry(expiresIn, clock),
  };
}

function asPayload(stored: StoredArtefact | undefined, jti?: string): AdapterPayload | undefined {
  if (stored === undefined) return undefined;
  const { payload, consumedAt } = stored;
  return {
    ...payload,
    ...(jti === undefined ? {} : { jti }),
    ...(consumedAt === undefined ? {} : { consumed: Math.floor(consumedAt.getTime() / 1000) }),
  };
}

/** How storage belongs to the request that asks for it. */
export interface Exchange {
  /** Takes a token to be stored with its audit row, if the present request collects its tokens; else false. */
  collect(placed: PlacedArtefact): boolean;
  /** Whether the present request exchanges a code or refresh token for others. */
  active(): boolean;
  /** Begins the transaction of such a request. */
  begin(): Promise<void>;
  /** Bearer value of the refresh token that the present request has used up. */
  predecessor(): string | undefined;
  /** Whether the present request goes on after an answer of the person. */
  resuming(): boolean;
  /** Whether its browser may go on with this interaction. */
  mayGoOn(uid: string, interaction: AdapterPayload): boolean;
  /** Notes that the present request found the session with this uid. */
  foundSession(uid: string): void;
  hasFoundSession(uid: string): boolean;
  /** uid of the present request's session. */
  presentSession(): string | undefined;
  /** Whether this is the id that the present request's session has now, not one that it had before. */
  isPresentSession(id: string): boolean;
  /** Ends everything that came from a grant: at once, or after a request whose own changes may be rolled back. */
  endFamily(grantId: string): Promise<void>;
}

/** What is exchanged for tokens, once. */
const exchanged = new Set(['AuthorizationCode', 'RefreshToken']);

function artefactAdapter(model: string, store: ArtefactStore, clock: Clock, exchange: Exchange): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const placed = { model, id: keptId(model, id), artefact };
      if (model === 'ClientCredentials' && exchange.collect(placed)) return;
      await store.put(placed.model, placed.id, placed.artefact);
    },
    async find(id) {
      return asPayload(await store.find(model, keptId(model, id)), id);
    },
    // The library only reads what these two return, so the bearer value, which nobody knows here, may be missing.
    async findByUid(uid) {
      return asPayload(await store.findByUid(model, uid));
    },
    async findByUserCode(userCode) {
      return asPayload(await store.findByUserCode(model, userCode));
    },
    async consume(id) {
      if (await store.consume(model, keptId(model, id))) return;
      const reason = 'it was used already, or does not exist';
      throw model === 'PushedAuthorizationRequest'
        ? new errors.InvalidRequestUri(reason)
        : new errors.InvalidGrant(reason);
    },
    destroy: (id) => (model === 'Grant' ? exchange.endFamily(id) : store.destroy(model, keptId(model, id))),
    revokeByGrantId: (grantId) => exchange.endFamily(grantId),
  };
}

/**
 * Codes and refresh tokens: each is exchanged once, in a transaction that begins with its look-up.
 *
 * The library revokes a family as soon as it sees a used refresh token. While that may be a client's retry, the token
 * is shown to it as unused, and `consume` refuses it (docs/adr/0006).
 */
function exchangedAdapter(model: string, store: SqlStore, clock: Clock, exchange: Exchange): Adapter {
  const plain = artefactAdapter(model, store, clock, exchange);
  return {
    ...plain,
    async upsert(id, payload, expiresIn) {
      const before = model === 'RefreshToken' ? exchange.predecessor() : undefined;
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const predecessor = before === undefined ? undefined : keptId(model, before);
      await store.put(model, keptId(model, id), { ...artefact, predecessor });
    },
    async find(id) {
      if (!exchange.active()) return plain.find(id);
      await exchange.begin();
      const key = keptId(model, id);
      const stored = await store.find(model, key);
      if (stored?.consumedAt === undefined) return asPayload(stored, id);
      const retry = (await store.replay(model, key))?.retry === true;
      return asPayload(retry ? { ...stored, consumedAt: undefined } : stored, id);
    },
    async consume(id) {
      const key = keptId(model, id);
      if (await store.consume(model, key)) return;
      const replay = await store.replay(model, key);
      if (replay?.grantId !== undefined && !replay.retry) await exchange.endFamily(replay.grantId);
      throw new errors.InvalidGrant('it was used already, or does not exist');
    },
  };
}

/** Whether the identifier is that of the client assertion which the present request authenticates with. */
function isOfAssertion(id: string): boolean {
  const assertion = Provider.ctx?.oidc?.params?.client_assertion;
  if (typeof assertion !== 'string') return false;
  const { iss, jti } = decodeJwt(assertion);
  return digest(`${iss}${jti}`) === id;
}

/** How long a pushed request is kept beyond its own minute, in seconds: some pages may come before it is used up. */
const PUSHED_KEPT = 4 * lifetimes.interaction;

/**
 * Pushed requests. The library uses one up only when the person has answered, and asks for it again then; one that is gone
 * by that time it would take for none, so that it could be used a second time.
 */
function pushedAdapter(store: ArtefactStore, clock: Clock, exchange: Exchange): Adapter {
  const plain = artefactAdapter('PushedAuthorizationRequest', store, clock, exchange);
  return {
    ...plain,
    upsert: (id, payload, expiresIn = 0) => plain.upsert(id, payload, expiresIn + PUSHED_KEPT),
    async find(id) {
      const found = await plain.find(id);
      if (found === undefined && exchange.resuming())
        throw new errors.InvalidRequestUri('it was used already, or has expired');
      return found;
    },
  };
}

/** Interactions: only the browser in which somebody signed in may go on with what she began. */
function interactionAdapter(store: ArtefactStore, clock: Clock, exchange: Exchange): Adapter {
  const plain = artefactAdapter('Interaction', store, clock, exchange);
  return {
    ...plain,
    async find(id) {
      const found = await plain.find(id);
      return found !== undefined && exchange.mayGoOn(id, found) ? found : undefined;
    },
  };
}

/**
 * Sessions. The library finds one at the beginning of a request and saves it at the end, under a new id perhaps: then it
 * destroys the old one first. Both would bring back a session that was signed out meanwhile, so one that was found is only
 * ever changed in its place, and only its present id destroys it.
 */
function sessionAdapter(store: ArtefactStore, clock: Clock, exchange: Exchange): Adapter {
  const model = 'Session';
  const plain = artefactAdapter(model, store, clock, exchange);
  return {
    ...plain,
    async find(id) {
      const found = await plain.find(id);
      if (found?.uid !== undefined) exchange.foundSession(found.uid);
      return found;
    },
    async upsert(id, payload, expiresIn) {
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const key = keptId(model, id);
      if (artefact.uid !== undefined && exchange.hasFoundSession(artefact.uid))
        await store.replace(model, key, artefact);
      else await store.put(model, key, artefact);
    },
    async destroy(id) {
      if (!exchange.isPresentSession(id)) return;
      await plain.destroy(id);
      // Another tab may have given it a new id meanwhile; its uid stays.
      const uid = exchange.presentSession();
      if (uid !== undefined) await store.destroyByUid(model, uid);
    },
  };
}

/**
 * The library looks first and saves later, so its look-up proves nothing: it is left out, and the insert decides.
 */
function replayAdapter(guard: ReplayGuard, clock: Clock): Adapter {
  return {
    find: async () => undefined,
    async upsert(id, _payload, expiresIn) {
      if (expiresIn === undefined) throw new TypeError('a replay guard must expire');
      if (await guard.first(id, expiry(expiresIn, clock))) return;
      throw isOfAssertion(id)
        ? new errors.InvalidClientAuth('client assertion was used before')
        : new errors.InvalidDpopProof('DPoP proof was used before');
    },
    findByUid: unsupported,
    findByUserCode: unsupported,
    consume: unsupported,
    destroy: unsupported,
    revokeByGrantId: unsupported,
  };
}

/**
 * The storage adapter of oidc-provider.
 *
 * @param durable keeps what must never be lost
 * @param volatile keeps sessions, interactions and pushed requests; may be the same store
 * @param findClient gives the metadata of a client
 */
export function createAdapter(options: {
  durable: SqlStore;
  volatile: ArtefactStore;
  replayGuard: ReplayGuard;
  exchange: Exchange;
  clock: Clock;
  findClient: (clientId: string) => Promise<AdapterPayload | undefined>;
}): AdapterFactory {
  const { durable, volatile, replayGuard, exchange, clock, findClient } = options;
  return (model) => {
    if (model === 'Client') {
      return {
        find: findClient,
        upsert: unsupported,
        findByUid: unsupported,
        findByUserCode: unsupported,
        consume: unsupported,
        destroy: unsupported,
        revokeByGrantId: unsupported,
      };
    }
    if (model === 'ReplayDetection') return replayAdapter(replayGuard, clock);
    if (model === 'Session') return sessionAdapter(volatile, clock, exchange);
    if (model === 'Interaction') return interactionAdapter(volatile, clock, exchange);
    if (model === 'PushedAuthorizationRequest') return pushedAdapter(volatile, clock, exchange);
    if (exchanged.has(model)) return exchangedAdapter(model, durable, clock, exchange);
    return artefactAdapter(model, volatileModels.has(model) ? volatile : durable, clock, exchange);
  };
}
