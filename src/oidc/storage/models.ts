import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { lifetimes } from '../lifetimes.ts';
import { asArtefact, asPayload, keptId, withoutSecrets } from './artefact.ts';
import type { StorageContext } from './context.ts';
import { createReads } from './reads.ts';
import { grantsEndingWith, signsIn } from './session.ts';
import type { SqlStore } from './sql-store.ts';
import type { ArtefactStore } from './store.ts';

/** Why something that is used once is refused, for the log. */
const USED = 'it was used already, or does not exist';

/** Why an interaction cannot be gone on with, for the log. */
const GONE_ON = 'it was gone on with already';

/** Whatever has no rules of its own. */
export function artefactAdapter(
  model: string,
  store: ArtefactStore,
  clock: Clock,
  context: StorageContext,
): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const grantedBy = model === 'Grant' ? context.grantedBy() : undefined;
      const placed = { model, id: keptId(model, id), artefact: { ...artefact, grantedBy } };
      if (model === 'ClientCredentials' && context.collect(placed)) return;
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
      if (!(await store.consume(model, keptId(model, id)))) throw new errors.InvalidGrant(USED);
    },
    async destroy(id) {
      if (model === 'Grant') return context.endGrant(id);
      if (context.revoking()) await context.begin();
      const alive = await store.destroy(model, keptId(model, id));
      if (alive && context.revoking()) context.tookBack();
    },
    revokeByGrantId: (grantId) => context.endGrant(grantId),
  };
}

/** A token as the library sees one that no browser session ends. */
function unbound(found: AdapterPayload): AdapterPayload {
  const { expiresWithSession: _bound, ...rest } = found;
  return rest;
}

/** Opaque access tokens. */
export function accessTokenAdapter(store: ArtefactStore, clock: Clock, context: StorageContext): Adapter {
  const plain = artefactAdapter('AccessToken', store, clock, context);
  return {
    ...plain,
    async find(id) {
      const found = await plain.find(id);
      return found?.expiresWithSession === true && context.holdsToSession(id) ? unbound(found) : found;
    },
  };
}

/**
 * Codes and refresh tokens: each is exchanged once (but for refresh tokens that are kept, `keepsRefreshToken`), in a
 * transaction that begins with its look-up.
 *
 * The library revokes a family as soon as it sees a used refresh token. While that may be a client's retry, the token
 * is shown to it as unused, and `consume` refuses it (docs/adr/0006).
 */
export function exchangedAdapter(
  model: string,
  store: SqlStore,
  clock: Clock,
  context: StorageContext,
): Adapter {
  const plain = artefactAdapter(model, store, clock, context);
  return {
    ...plain,
    async destroy(id) {
      // One that is taken back ends with its family, grant first: the other way round, a refresh under way and this could
      // wait for each other.
      if (!context.revoking()) await plain.destroy(id);
    },
    async upsert(id, payload, expiresIn) {
      const before = model === 'RefreshToken' ? context.predecessor() : undefined;
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const predecessor = before === undefined ? undefined : keptId(model, before);
      await store.put(model, keptId(model, id), { ...artefact, predecessor });
    },
    async find(id) {
      if (context.revoking()) {
        // The session may be gone or out of reach, and what came from the token still be good.
        const found = await plain.find(id);
        return found && unbound(found);
      }
      if (!context.active()) return plain.find(id);
      await context.begin();
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
      if (replay?.grantId !== undefined && !replay.retry) await context.endGrant(replay.grantId);
      throw new errors.InvalidGrant(USED);
    },
  };
}

/** How long a pushed request is kept beyond its own minute, in seconds: some pages may come before it is used up. */
const PUSHED_KEPT = 4 * lifetimes.interaction;

/**
 * Pushed requests. The library uses one up only when the person has answered, and asks for it again then; one that is gone
 * by that time it would take for none, so that it could be used a second time.
 */
export function pushedAdapter(store: ArtefactStore, clock: Clock, context: StorageContext): Adapter {
  const model = 'PushedAuthorizationRequest';
  const plain = artefactAdapter(model, store, clock, context);
  return {
    ...plain,
    upsert: (id, payload, expiresIn = 0) => plain.upsert(id, payload, expiresIn + PUSHED_KEPT),
    async find(id) {
      const found = await plain.find(id);
      if (found === undefined && context.resuming())
        throw new errors.InvalidRequestUri('it was used already, or has expired');
      return found;
    },
    async consume(id) {
      if (!(await store.consume(model, keptId(model, id)))) throw new errors.InvalidRequestUri(USED);
    },
  };
}

/** Interactions: only the browser in which somebody signed in may go on with what she began. */
export function interactionAdapter(store: ArtefactStore, clock: Clock, context: StorageContext): Adapter {
  const reads = createReads(store, context);
  const plain = artefactAdapter('Interaction', { ...store, ...reads }, clock, context);
  return {
    ...plain,
    async find(id) {
      const found = await plain.find(id);
      return found !== undefined && (await context.mayGoOn(id, found)) ? found : undefined;
    },
    // The library saves it once more with the answer; one that was gone on with meanwhile would be gone on with again.
    async upsert(id, payload, expiresIn) {
      reads.forget();
      if (context.beginsInteraction(id)) return plain.upsert(id, payload, expiresIn);
      const artefact = asArtefact('Interaction', payload, expiresIn, clock);
      const there = await store.putAgain('Interaction', keptId('Interaction', id), artefact);
      if (!there) throw new errors.SessionNotFound(GONE_ON);
    },
    // The library finds it first and destroys it later: of two requests that go on at once, both would get a code.
    async destroy(id) {
      reads.forget();
      const first = await store.destroy('Interaction', keptId('Interaction', id));
      if (!first && context.resuming()) throw new errors.SessionNotFound(GONE_ON);
    },
  };
}

/**
 * Sessions. The library finds one at the beginning of a request and saves it at the end, under a new id perhaps: then it
 * destroys the old one first. Both would bring back a session that was signed out meanwhile, so one that was found is only
 * ever changed in its place, and only its present id destroys it.
 */
export function sessionAdapter(store: ArtefactStore, clock: Clock, context: StorageContext): Adapter {
  const model = 'Session';
  const reads = createReads(store, context);
  const plain = artefactAdapter(model, { ...store, ...reads }, clock, context);

  async function endWith(uid: string, session: Readonly<Record<string, unknown>> = {}): Promise<void> {
    for (const grantId of grantsEndingWith(session)) await context.endGrant(grantId);
    await context.endSession(uid, session);
  }

  return {
    ...plain,
    async find(id) {
      const found = await plain.find(id);
      if (found?.uid !== undefined) context.foundSession(found.uid, found);
      return found;
    },
    async upsert(id, payload, expiresIn) {
      reads.forget();
      const artefact = asArtefact(model, payload, expiresIn, clock);
      const key = keptId(model, id);
      const { uid = '' } = artefact;
      const found = context.sessionFound(uid);
      // First in the list of her sessions: one that is not in it could not be ended from elsewhere.
      if (signsIn(payload, found) && !(await context.signsIn(payload)))
        throw new errors.SessionNotFound('what was proved counts no more');
      if (found === undefined) await store.put(model, key, artefact);
      // Signed out in another tab meanwhile: what this request has granted is not in the session that was ended there.
      else if (!(await store.replace(model, key, artefact, withoutSecrets(found))))
        await endWith(uid, payload);
    },
    async destroy(id) {
      if (!context.isPresentSession(id)) return;
      reads.forget();
      // Another tab may have given it a new id meanwhile; its uid stays.
      const uid = context.presentSession();
      if (uid !== undefined) {
        // The library ends the grants that it found. Another tab may have added some: first those that are there, so
        // that a sign-out that fails at them can be tried again, then whatever came in before the session was gone.
        await endWith(uid, (await store.findByUid(model, uid))?.payload);
        await endWith(uid, await store.destroyByUid(model, uid));
      }
      await plain.destroy(id);
    },
  };
}
