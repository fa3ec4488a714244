import type { Redis } from 'ioredis';
import type { Clock } from '../../clock.ts';
import { AssentError } from '../../errors.ts';
import { mergeSession } from './session.ts';
import type { Artefact, ArtefactStore, StoredArtefact } from './store.ts';

/**
 * Marks an artefact as used once: the mark is a key of its own beside it (same hash tag, so same cluster slot),
 * set only where it is missing, with what is left of the artefact's life. Saving the artefact again leaves it.
 */
const CONSUME = `
local left = redis.call('pttl', KEYS[1])
if left <= 0 then return 0 end
if redis.call('set', KEYS[2], ARGV[1], 'NX', 'PX', left) then return 1 end
return 0`;

const artefactKey = (model: string, id: string) => `assent:${model}:{${id}}`;
const consumedKey = (model: string, id: string) => `${artefactKey(model, id)}:consumed`;
const uidKey = (model: string, uid: string) => `assent:${model}-uid:{${uid}}`;

/**
 * Artefacts in Redis: only for models whose loss costs a person no more than signing in again (sessions,
 * interactions, pushed requests). Every key has a time to live. None of these models belongs to a grant.
 */
export function createRedisStore(options: { redis: Redis; clock: Clock }): ArtefactStore {
  const { redis, clock } = options;

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new AssentError(
        'redis_unavailable',
        503,
        'The service cannot reach its session store at the moment',
        { cause },
      );
    }
  }

  async function find(model: string, id: string): Promise<StoredArtefact | undefined> {
    const [text, consumed] = await guarded(() => redis.mget(artefactKey(model, id), consumedKey(model, id)));
    if (text === null || text === undefined) return undefined;
    const { payload, expiresAt } = JSON.parse(text) as {
      payload: Record<string, unknown>;
      expiresAt: number;
    };
    // Redis counts real time; this also holds for a shifted clock.
    if (expiresAt <= clock.now().getTime()) return undefined;
    return { payload, consumedAt: consumed ? new Date(Number(consumed)) : undefined };
  }

  async function destroy(model: string, id: string): Promise<boolean> {
    const results = await guarded(() =>
      redis.multi().del(artefactKey(model, id)).del(consumedKey(model, id)).exec(),
    );
    return results?.[0]?.[1] === 1;
  }

  /** Writes an artefact that expires; its mark of use, if it has one, lives as long. @returns its life in milliseconds */
  async function write(model: string, id: string, { payload, expiresAt }: Artefact): Promise<number> {
    if (expiresAt === undefined) throw new TypeError(`${model} must expire to be kept in Redis`);
    const life = expiresAt.getTime() - clock.now().getTime();
    if (life <= 0) {
      await destroy(model, id);
      return 0;
    }
    const text = JSON.stringify({ payload, expiresAt: expiresAt.getTime() });
    await guarded(() =>
      redis
        .multi()
        .set(artefactKey(model, id), text, 'PX', life)
        .pexpire(consumedKey(model, id), life)
        .exec(),
    );
    return life;
  }

  return {
    find,
    async put(model, id, artefact) {
      const life = await write(model, id, artefact);
      const { uid } = artefact;
      if (uid === undefined || life === 0) return;
      const before = await guarded(() => redis.set(uidKey(model, uid), id, 'PX', life, 'GET'));
      if (before !== null && before !== id) await guarded(() => redis.del(artefactKey(model, before)));
    },
    async replace(model, id, artefact) {
      const { uid, expiresAt } = artefact;
      const life = (expiresAt?.getTime() ?? 0) - clock.now().getTime();
      if (uid === undefined || life <= 0) return;
      const present = await guarded(() => redis.get(uidKey(model, uid)));
      const kept = present === null ? undefined : await find(model, present);
      const payload = kept && mergeSession(kept.payload, artefact.payload);
      if (payload === undefined) return;
      const before = await guarded(() => redis.set(uidKey(model, uid), id, 'PX', life, 'XX', 'GET'));
      if (before === null) return;
      await write(model, id, { ...artefact, payload });
      if (before !== id) await destroy(model, before);
      // It may have been destroyed, or given another id, between the two: then what was just written must not stay.
      if ((await guarded(() => redis.get(uidKey(model, uid)))) !== id) await destroy(model, id);
    },
    async destroyByUid(model, uid) {
      const present = await guarded(() => redis.getdel(uidKey(model, uid)));
      if (present !== null) await destroy(model, present);
    },
    async findByUid(model, uid) {
      const id = await guarded(() => redis.get(uidKey(model, uid)));
      return id === null ? undefined : find(model, id);
    },
    findByUserCode: async () => undefined,
    async consume(model, id) {
      if ((await find(model, id)) === undefined) return false;
      const keys = [artefactKey(model, id), consumedKey(model, id)] as const;
      return (await guarded(() => redis.eval(CONSUME, 2, ...keys, String(clock.now().getTime())))) === 1;
    },
    destroy,
    revokeByGrantId: async () => {},
  };
}
