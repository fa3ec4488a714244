import type { Clock } from '../../clock.ts';
import { AssentError } from '../../errors.ts';
import type { RedisConnection } from '../../redis.ts';
import { mergeSession } from './session.ts';
import type { Artefact, ArtefactStore, StoredArtefact } from './store.ts';

/**
 * An artefact is one key, a hash of two fields: what it is, and when it was used. A mark of its own could be evicted, or
 * expire, before the artefact, which would then be good once more.
 */
const [PAYLOAD, CONSUMED] = ['payload', 'consumed'];

/** Saves an artefact with its life. Its mark of use stays. */
const SAVE = `
redis.call('hset', KEYS[1], '${PAYLOAD}', ARGV[1])
return redis.call('pexpire', KEYS[1], ARGV[2])`;

/** Marks an artefact as used, once, and only where there is one. */
const CONSUME = `
if redis.call('hexists', KEYS[1], '${PAYLOAD}') == 0 then return 0 end
return redis.call('hsetnx', KEYS[1], '${CONSUMED}', ARGV[1])`;

// One key a command, or they would have to be in one slot of a cluster.
const artefactKey = (model: string, id: string) => `assent:artefact:${model}:{${id}}`;
const uidKey = (model: string, uid: string) => `assent:uid:${model}:{${uid}}`;

/**
 * Artefacts in Redis: only for models whose loss costs a person no more than signing in again (sessions,
 * interactions, pushed requests). Every key has a time to live. None of these models belongs to a grant.
 */
export function createRedisStore(options: { redis: RedisConnection; clock: Clock }): ArtefactStore {
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
    const [text, consumed] = await guarded(() => redis.hmget(artefactKey(model, id), PAYLOAD, CONSUMED));
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
    return (await guarded(() => redis.del(artefactKey(model, id)))) === 1;
  }

  /** Writes an artefact that expires. @returns its life in milliseconds */
  async function write(model: string, id: string, { payload, expiresAt }: Artefact): Promise<number> {
    if (expiresAt === undefined) throw new TypeError(`${model} must expire to be kept in Redis`);
    const life = expiresAt.getTime() - clock.now().getTime();
    const text = JSON.stringify({ payload, expiresAt: expiresAt.getTime() });
    if (life > 0) await guarded(() => redis.eval(SAVE, 1, artefactKey(model, id), text, life));
    else await destroy(model, id);
    return life;
  }

  return {
    find,
    async put(model, id, artefact) {
      const life = await write(model, id, artefact);
      const { uid } = artefact;
      if (uid === undefined || life <= 0) return;
      const before = await guarded(() => redis.set(uidKey(model, uid), id, 'PX', life, 'GET'));
      if (before !== null && before !== id) await destroy(model, before);
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
      const now = String(clock.now().getTime());
      return (await guarded(() => redis.eval(CONSUME, 1, artefactKey(model, id), now))) === 1;
    },
    destroy,
    revokeByGrantId: async () => {},
  };
}
