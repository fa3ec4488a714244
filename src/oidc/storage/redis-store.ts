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

/** The same, but only where there is one: what was destroyed meanwhile does not come back. */
const SAVE_AGAIN = `
if redis.call('hexists', KEYS[1], '${PAYLOAD}') == 0 then return 0 end
redis.call('hset', KEYS[1], '${PAYLOAD}', ARGV[1])
return redis.call('pexpire', KEYS[1], ARGV[2])`;

/** The same, but only where it is as it was read. */
const SAVE_READ = `
if redis.call('hget', KEYS[1], '${PAYLOAD}') ~= ARGV[3] then return 0 end
redis.call('hset', KEYS[1], '${PAYLOAD}', ARGV[1])
return redis.call('pexpire', KEYS[1], ARGV[2])`;

/** Clears away what was read, if nobody has saved it again since. */
const CLEAR = `
if redis.call('hget', KEYS[1], '${PAYLOAD}') ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`;

/** Destroys an artefact and gives what it was at the last: a save comes before this, or finds nothing. */
const TAKE = `
local text = redis.call('hget', KEYS[1], '${PAYLOAD}')
redis.call('del', KEYS[1])
return text`;

/** Leads a uid from one id to another, or to the same one for longer, but only while it leads there. */
const LEAD = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** Marks an artefact as used, once, and only where there is one. */
const CONSUME = `
if redis.call('hexists', KEYS[1], '${PAYLOAD}') == 0 then return 0 end
return redis.call('hsetnx', KEYS[1], '${CONSUMED}', ARGV[1])`;

// One key a command, or they would have to be in one slot of a cluster.
const artefactKey = (model: string, id: string) => `assent:artefact:${model}:{${id}}`;
const uidKey = (model: string, uid: string) => `assent:uid:${model}:{${uid}}`;

/** What is kept of an artefact, beside whether it was used. */
interface Kept {
  readonly payload: Readonly<Record<string, unknown>>;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** It is there only while this leads to it. Of sessions alone: nothing else changes its id; the version before wrote none. */
  readonly uid?: string;
}

/** What was read: the text as it stands there, and what it says. */
interface Found extends Kept {
  readonly text: string;
  readonly consumedAt: Date | undefined;
}

const stored = (found: Found | undefined): StoredArtefact | undefined =>
  found && { payload: found.payload, consumedAt: found.consumedAt };

/**
 * Artefacts in Redis: only for models whose loss costs a person no more than signing in again (sessions,
 * interactions, pushed requests). Every key has a time to live. None of these models belongs to a grant.
 *
 * A session has two keys, and a node may die between two commands. So one of them says alone whether there is a session, and
 * under which id: that of its uid. What a payload's key holds is a session only while the uid leads there.
 */
export function createRedisStore(options: { redis: RedisConnection; clock: Clock }): ArtefactStore {
  const { redis, clock } = options;

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new AssentError('redis_unavailable', 'The service cannot reach its session store at the moment', {
        cause,
      });
    }
  }

  /** Where a uid leads to; null where it is gone. */
  const idOf = (model: string, uid: string) => guarded(() => redis.get(uidKey(model, uid)));

  /** Reads what the key of an id holds, wherever its uid leads to. */
  async function read(model: string, id: string): Promise<Found | undefined> {
    const [text, consumed] = await guarded(() => redis.hmget(artefactKey(model, id), PAYLOAD, CONSUMED));
    if (text === null || text === undefined) return undefined;
    const kept = JSON.parse(text) as Kept;
    // Redis counts real time; this also holds for a shifted clock.
    if (kept.expiresAt <= clock.now().getTime()) return undefined;
    return { ...kept, text, consumedAt: consumed ? new Date(Number(consumed)) : undefined };
  }

  async function find(model: string, id: string): Promise<StoredArtefact | undefined> {
    const found = await read(model, id);
    if (found?.uid !== undefined && (await idOf(model, found.uid)) !== id) return undefined;
    return stored(found);
  }

  async function destroy(model: string, id: string): Promise<boolean> {
    return (await guarded(() => redis.del(artefactKey(model, id)))) === 1;
  }

  /** The text of an artefact, and its life in milliseconds. */
  function textOf(model: string, { payload, uid, expiresAt }: Artefact): { text: string; life: number } {
    if (expiresAt === undefined) throw new TypeError(`${model} must expire to be kept in Redis`);
    const kept: Kept = {
      payload,
      expiresAt: expiresAt.getTime(),
      ...(model === 'Session' && uid !== undefined ? { uid } : {}),
    };
    return { text: JSON.stringify(kept), life: kept.expiresAt - clock.now().getTime() };
  }

  /** Runs a script on the one key of an artefact, or of a uid. @returns whether it did something */
  const run = async (script: string, key: string, ...values: readonly (string | number)[]) =>
    (await guarded(() => redis.eval(script, 1, key, ...values))) === 1;

  /**
   * Tries once to save a session in the place of what its uid leads to. A node that dies after any of these commands leaves
   * the session as it was, or as it is saved. One that is ended between two of them stays so: without its uid none of them
   * brings it back, because the uid is only ever led on from where it leads.
   *
   * @returns whether there was a session; undefined when another request was faster, so that this one is to look again
   */
  async function tryReplace(
    model: string,
    id: string,
    artefact: Artefact & { uid: string },
    found: Artefact['payload'] | undefined,
  ): Promise<boolean | undefined> {
    const { uid } = artefact;
    const present = await idOf(model, uid);
    if (present === null) return false;
    const kept = await read(model, present);
    // Gone, unless it was given another id between the two.
    if (kept === undefined) return (await idOf(model, uid)) === present ? false : undefined;
    const payload = mergeSession(kept.payload, artefact.payload, found);
    if (payload === undefined) return true;
    const { text, life } = textOf(model, { ...artefact, payload });
    if (life <= 0) return true;
    if (present === id) {
      // First the uid for longer: what it leads to must not outlive it.
      if (!(await run(LEAD, uidKey(model, uid), id, id, life))) return undefined;
      return (await run(SAVE_AGAIN, artefactKey(model, id), text, life)) ? true : undefined;
    }
    // First the new one, which nobody finds yet; then, in one command, it is the session and the one before is not. What is
    // left of the one before, or of a try that failed, nobody finds: it is cleared away, or its life ends.
    await run(SAVE, artefactKey(model, id), text, life);
    if (!(await run(LEAD, uidKey(model, uid), present, id, life))) return undefined;
    await run(CLEAR, artefactKey(model, present), kept.text);
    return true;
  }

  return {
    find,
    findSome: (places) => Promise.all(places.map(({ model, id }) => find(model, id))),
    async put(model, id, artefact) {
      const { uid } = artefact;
      const { text, life } = textOf(model, artefact);
      if (life <= 0) {
        await destroy(model, id);
        return;
      }
      await run(SAVE, artefactKey(model, id), text, life);
      if (uid === undefined) return;
      const before = await guarded(() => redis.set(uidKey(model, uid), id, 'PX', life, 'GET'));
      if (before !== null && before !== id) await destroy(model, before);
    },
    async putAgain(model, id, artefact) {
      const { text, life } = textOf(model, artefact);
      return life <= 0 ? destroy(model, id) : run(SAVE_AGAIN, artefactKey(model, id), text, life);
    },
    async replace(model, id, artefact, found) {
      const { uid, expiresAt } = artefact;
      if (uid === undefined || expiresAt === undefined) return false;
      // Not for ever: each time that it is not done, another request has given the session another id, or ended it.
      for (;;) {
        const there = await tryReplace(model, id, { ...artefact, uid }, found);
        if (there !== undefined) return there;
      }
    },
    async prolong(model, id, expiresAt) {
      const kept = await read(model, id);
      if (kept === undefined || kept.expiresAt >= expiresAt.getTime()) return false;
      const life = expiresAt.getTime() - clock.now().getTime();
      // First the uid for longer, if it leads here: what it leads to must not outlive it.
      if (kept.uid !== undefined && !(await run(LEAD, uidKey(model, kept.uid), id, id, life))) return false;
      const { text, consumedAt: _consumedAt, payload, ...rest } = kept;
      const exp = Math.floor(expiresAt.getTime() / 1000);
      const longer: Kept = { ...rest, payload: { ...payload, exp }, expiresAt: expiresAt.getTime() };
      return run(SAVE_READ, artefactKey(model, id), JSON.stringify(longer), life, text);
    },
    async destroyByUid(model, uid) {
      const present = await guarded(() => redis.getdel(uidKey(model, uid)));
      if (present === null) return undefined;
      const text = await guarded(() => redis.eval(TAKE, 1, artefactKey(model, present)));
      return typeof text === 'string' ? (JSON.parse(text) as Kept).payload : undefined;
    },
    async findByUid(model, uid) {
      const id = await idOf(model, uid);
      return id === null ? undefined : stored(await read(model, id));
    },
    findByUserCode: async () => undefined,
    async consume(model, id) {
      if ((await find(model, id)) === undefined) return false;
      const now = String(clock.now().getTime());
      return run(CONSUME, artefactKey(model, id), now);
    },
    destroy,
    revokeByGrantId: async () => {},
  };
}
