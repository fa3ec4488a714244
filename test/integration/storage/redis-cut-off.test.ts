import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type ArtefactStore, createRedisStore } from '../../../src/oidc/storage/index.ts';
import { arohas, fresh } from './artefacts.ts';

/**
 * A session is saved in several commands, each on one key. A node may die after any of them, and other nodes may do
 * anything between two: whatever comes first, nobody finds a session again that was signed out.
 */

const url = process.env.REDIS_URL;
if (url === undefined)
  console.warn('Nodes that die between two commands are not tested: REDIS_URL is not set');

const model = 'Session';

/** At least as many commands as a save takes that nobody disturbs. */
const MOST = 6;

/** Called before each command of one node, with its number. Where it rejects, the command is not sent. */
type Hook = (nth: number) => Promise<void>;

/** A connection that asks before each command. */
function hooked(redis: Redis, before: Hook): Redis {
  let count = 0;
  return new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...parameters: unknown[]) => {
        count += 1;
        await before(count);
        return Reflect.apply(value, target, parameters) as unknown;
      };
    },
  });
}

/** A node that has died does nothing any more, also not what would tidy up. */
const diesAfter =
  (last: number): Hook =>
  (nth) =>
    nth <= last ? Promise.resolve() : Promise.reject(new Error('killed'));

const doesBefore =
  (chosen: number, work: () => Promise<unknown>): Hook =>
  async (nth) => {
    if (nth === chosen) await work();
  };

/** One after the other, before each command. */
const inTurn =
  (...hooks: readonly Hook[]): Hook =>
  async (nth) => {
    for (const hook of hooks) await hook(nth);
  };

/** Something that is done the first time it is asked for. */
function once(work: () => Promise<unknown>): () => Promise<void> {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await work();
  };
}

describe.skipIf(url === undefined)('a session in Redis', () => {
  let redis: Redis;
  let store: ArtefactStore;
  beforeAll(() => {
    redis = new Redis(String(url), { maxRetriesPerRequest: 1 });
    store = createRedisStore({ redis, clock: systemClock });
  });
  afterAll(() => redis.disconnect());

  interface Story {
    readonly uid: string;
    /** Under which she is signed in when the story begins. */
    readonly id: string;
    /** Under which the request saves the session. */
    readonly next: string;
    /** Which some other request gives it. */
    readonly third: string;
  }

  const nodeWith = (before: Hook) => createRedisStore({ redis: hooked(redis, before), clock: systemClock });

  const granted = (uid: string, name: string) =>
    arohas({ uid, payload: { accountId: 'aroha', authorizations: { [name]: { grantId: name } } } });

  async function begin(changesId: boolean): Promise<Story> {
    const [uid, id] = [fresh('uid'), fresh('id')];
    await store.put(model, id, granted(uid, 'first'));
    return { uid, id, next: changesId ? fresh('next') : id, third: fresh('third') };
  }

  /** What the adapter does when somebody signs out in a browser that has this id. */
  async function signOut(node: ArtefactStore, { uid }: Story, id: string): Promise<void> {
    await node.destroyByUid(model, uid);
    await node.destroy(model, id);
  }

  /** What another request does. */
  const saveAs = (id: string, { uid }: Story) => store.replace(model, id, granted(uid, 'other'));

  const save = (node: ArtefactStore, { uid, next }: Story) =>
    node.replace(model, next, granted(uid, 'saved'));

  /** The ids under which the session is found. */
  async function foundAs({ id, next, third }: Story): Promise<string[]> {
    const ids = [...new Set([id, next, third])];
    const found = await Promise.all(ids.map((one) => store.find(model, one)));
    return ids.filter((_, index) => found[index] !== undefined);
  }

  async function expectGone(story: Story, what: string): Promise<void> {
    expect(await foundAs(story), `${what}: by its id`).toEqual([]);
    expect(await store.findByUid(model, story.uid), `${what}: by its uid`).toBeUndefined();
  }

  /** Found by exactly one id, and the uid leads there. */
  async function expectOne(story: Story, what: string): Promise<void> {
    const ids = await foundAs(story);
    expect(ids, what).toHaveLength(1);
    expect(await store.findByUid(model, story.uid), what).toEqual(await store.find(model, String(ids[0])));
  }

  const died = (work: Promise<unknown>) =>
    work.then(
      () => false,
      (error: { code?: string }) => {
        expect(error.code).toBe('redis_unavailable');
        return true;
      },
    );

  const numbers = Array.from({ length: MOST }, (_, index) => index + 1);
  const ways = [
    ['under the id that it has', false],
    ['under a new id', true],
  ] as const;

  /** How a session ends: as the adapter does it, and by the uid alone. */
  const ends: readonly (readonly [
    name: string,
    end: (node: ArtefactStore, story: Story) => Promise<unknown>,
  ])[] = [
    ['signed out', (node, story) => signOut(node, story, story.id)],
    ['signed out where it has its new id', (node, story) => signOut(node, story, story.next)],
    ['destroyed by its uid', (node, { uid }) => node.destroyByUid(model, uid)],
  ];

  describe.each(ways)('saved %s', (_way, changesId) => {
    test('takes no more commands than are tried here, and keeps what others saved', async () => {
      let most = 0;
      const story = await begin(changesId);
      const counting = async (nth: number) => {
        most = nth;
      };
      await save(nodeWith(counting), story);
      expect(most).toBeGreaterThan(2);
      expect(most).toBeLessThanOrEqual(MOST);
      expect(await foundAs(story)).toEqual([story.next]);
      expect((await store.findByUid(model, story.uid))?.payload.authorizations).toEqual({
        first: { grantId: 'first' },
        saved: { grantId: 'saved' },
      });
      const [killed, whole] = [await begin(changesId), await begin(changesId)];
      expect(await died(save(nodeWith(diesAfter(most - 1)), killed))).toBe(true);
      expect(await died(save(nodeWith(diesAfter(most)), whole))).toBe(false);
    });

    test.each(numbers)(
      'by a node that dies after command %i: one session, which can be ended',
      async (last) => {
        for (const [name, end] of ends) {
          const story = await begin(changesId);
          await died(save(nodeWith(diesAfter(last)), story));
          await expectOne(story, name);
          await end(store, story);
          await expectGone(story, name);
        }
      },
    );

    test.each(numbers)('and ended before command %i, wherever the node dies after that', async (chosen) => {
      for (const [name, end] of ends) {
        for (const last of numbers) {
          const story = await begin(changesId);
          const ending = once(() => end(store, story));
          await died(save(nodeWith(inTurn(doesBefore(chosen, ending), diesAfter(last))), story));
          // Where the node had done all, or was dead, before its turn came.
          await ending();
          await expectGone(story, `${name}, killed after ${last}`);
        }
      }
    });

    test.each(numbers)(
      'while another request gives it a third id before command %i, wherever the node dies',
      async (chosen) => {
        for (const last of numbers) {
          const story = await begin(changesId);
          const other = doesBefore(chosen, () => saveAs(story.third, story));
          await died(save(nodeWith(inTurn(other, diesAfter(last))), story));
          await expectOne(story, `killed after ${last}`);
        }
      },
    );

    test.each(numbers)(
      'while another one does before command %i, and ended before any command, wherever the node dies',
      async (chosen) => {
        const tell = async ([name, end]: (typeof ends)[number], later: number, last: number) => {
          const story = await begin(changesId);
          const ending = once(() => end(store, story));
          const other = doesBefore(chosen, () => saveAs(story.third, story));
          const hook = inTurn(other, doesBefore(later, ending), diesAfter(last));
          await died(save(nodeWith(hook), story));
          await ending();
          await expectGone(story, `${name} before ${later}, killed after ${last}`);
        };
        // Stories of their own: all at once.
        await Promise.all(
          ends.flatMap((one) => numbers.flatMap((later) => numbers.map((last) => tell(one, later, last)))),
        );
      },
    );

    test.each(numbers)('while another one saves it before command %i: one, with both', async (chosen) => {
      const story = await begin(changesId);
      await save(nodeWith(doesBefore(chosen, () => saveAs(story.id, story))), story);
      await expectOne(story, 'saved twice');
      expect((await store.findByUid(model, story.uid))?.payload.authorizations).toMatchObject({
        first: { grantId: 'first' },
        saved: { grantId: 'saved' },
      });
    });

    test.each(numbers)(
      'while another one gives it a third id before command %i: it is saved, and not taken for gone',
      async (chosen) => {
        const story = await begin(changesId);
        const other = once(() => saveAs(story.third, story));
        expect(await save(nodeWith(doesBefore(chosen, other)), story)).toBe(true);
        await other();
        await expectOne(story, 'saved twice');
        expect((await store.findByUid(model, story.uid))?.payload.authorizations).toMatchObject({
          saved: { grantId: 'saved' },
          other: { grantId: 'other' },
        });
      },
    );

    test.each(numbers)('while it is being ended, before command %i of that', async (chosen) => {
      for (const [name, end] of ends) {
        const story = await begin(changesId);
        await end(nodeWith(doesBefore(chosen, () => save(store, story))), story);
        await expectGone(story, name);
      }
    });
  });

  test.each(numbers)(
    'ended by a node that dies after command %i: as it was, or gone, and gone when it is ended again',
    async (last) => {
      for (const [name, end] of ends) {
        const story = await begin(false);
        const before = await store.find(model, story.id);
        await died(end(nodeWith(diesAfter(last)), story));
        if ((await foundAs(story)).length > 0)
          expect(await store.findByUid(model, story.uid)).toEqual(before);
        else await expectGone(story, name);
        await save(store, story);
        await end(store, story);
        await expectGone(story, name);
      }
    },
  );

  test.each(numbers)(
    'destroyed by its id alone, while it is saved under that, before command %i',
    async (chosen) => {
      for (const last of numbers) {
        const story = await begin(false);
        const destroying = once(() => store.destroy(model, story.id));
        await died(save(nodeWith(inTurn(doesBefore(chosen, destroying), diesAfter(last))), story));
        await destroying();
        await expectGone(story, `killed after ${last}`);
      }
    },
  );
});
