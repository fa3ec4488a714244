import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import Provider, { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { isStorable } from '../../db/index.ts';
import type { ReplayGuard } from './replay-guard.ts';
import type { PlacedArtefact } from './sql-store.ts';
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
function keptId(model: string, id: string): string {
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

function asArtefact(payload: AdapterPayload, expiresIn: number | undefined, clock: Clock): Artefact {
  const kept = withoutSecrets(payload);
  if (!isStorable(kept))
    throw new errors.InvalidRequest('the request contains a value that cannot be stored');
  return {
    payload: kept,
    grantId: text(payload.grantId),
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

/** Where a token goes that a request makes: with its audit row, in one transaction, before the answer. */
export interface PendingTokens {
  /** Takes the artefact if the present request collects its tokens; false if it has to be stored at once. */
  collect(placed: PlacedArtefact): boolean;
}

function artefactAdapter(model: string, store: ArtefactStore, clock: Clock, pending: PendingTokens): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      const placed = { model, id: keptId(model, id), artefact: asArtefact(payload, expiresIn, clock) };
      if (model === 'ClientCredentials' && pending.collect(placed)) return;
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
    destroy: (id) => store.destroy(model, keptId(model, id)),
    revokeByGrantId: (grantId) => store.revokeByGrantId(grantId),
  };
}

/** Whether the identifier is that of the client assertion which the present request authenticates with. */
function isOfAssertion(id: string): boolean {
  const assertion = Provider.ctx?.oidc?.params?.client_assertion;
  if (typeof assertion !== 'string') return false;
  const { iss, jti } = decodeJwt(assertion);
  return digest(`${iss}${jti}`) === id;
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
  durable: ArtefactStore;
  volatile: ArtefactStore;
  replayGuard: ReplayGuard;
  pending: PendingTokens;
  clock: Clock;
  findClient: (clientId: string) => Promise<AdapterPayload | undefined>;
}): AdapterFactory {
  const { durable, volatile, replayGuard, pending, clock, findClient } = options;
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
    return artefactAdapter(model, volatileModels.has(model) ? volatile : durable, clock, pending);
  };
}
