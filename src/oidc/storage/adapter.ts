import { decodeJwt } from 'jose';
import Provider, { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { asText } from '../../text.ts';
import { expiry } from './artefact.ts';
import type { StorageContext } from './context.ts';
import {
  accessTokenAdapter,
  artefactAdapter,
  exchangedAdapter,
  interactionAdapter,
  pushedAdapter,
  sessionAdapter,
} from './models.ts';
import { proofId, type ReplayGuard, replayId } from './replay-guard.ts';
import type { SqlStore } from './sql-store.ts';
import type { ArtefactStore } from './store.ts';

const unsupported = async (): Promise<never> => {
  throw new Error('oidc-provider called an adapter method that this model does not have');
};

/** What is exchanged for tokens, once. */
const exchanged = new Set(['AuthorizationCode', 'RefreshToken']);

/** Whether the identifier is that of the client assertion which the present request authenticates with. */
function isOfAssertion(id: string): boolean {
  const assertion = Provider.ctx?.oidc?.params?.client_assertion;
  if (typeof assertion !== 'string') return false;
  const { iss, jti } = decodeJwt(assertion);
  return replayId(String(iss), String(jti)) === id;
}

/**
 * The library looks first and saves later, so its look-up proves nothing: it is left out, and the insert decides.
 *
 * It does not say what it saves. A request has at most one assertion and one proof, and the assertion comes first, also if
 * both have the same `jti`.
 */
function replayAdapter(guard: ReplayGuard, clock: Clock): Adapter {
  const authenticated = new WeakSet<object>();

  function isAssertion(id: string): boolean {
    const ctx = Provider.ctx;
    if (ctx === undefined || authenticated.has(ctx) || !isOfAssertion(id)) return false;
    authenticated.add(ctx);
    return true;
  }

  return {
    find: async () => undefined,
    async upsert(id, payload, expiresIn) {
      if (expiresIn === undefined) throw new TypeError('a replay guard must expire');
      if (isAssertion(id)) {
        if (await guard.first(id, expiry(expiresIn, clock))) return;
        throw new errors.InvalidClientAuth('client assertion was used before');
      }
      // The library counts from now, but a proof that is dated ahead stays good for longer.
      const end = expiry(2 * expiresIn, clock);
      if (await guard.first(proofId(asText(payload.iss) ?? '', id), end)) return;
      throw new errors.InvalidDpopProof('DPoP proof was used before');
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
  context: StorageContext;
  clock: Clock;
  findClient: (clientId: string) => Promise<AdapterPayload | undefined>;
}): AdapterFactory {
  const { durable, volatile, replayGuard, context, clock, findClient } = options;
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
    if (model === 'AccessToken') return accessTokenAdapter(durable, clock, context);
    if (model === 'Session') return sessionAdapter(volatile, clock, context);
    if (model === 'Interaction') return interactionAdapter(volatile, clock, context);
    if (model === 'PushedAuthorizationRequest') return pushedAdapter(volatile, clock, context);
    if (exchanged.has(model)) return exchangedAdapter(model, durable, clock, context);
    return artefactAdapter(model, durable, clock, context);
  };
}
