import { afterEach, describe, expect, test } from 'vitest';
import type { Artefact, ArtefactStore } from '../../../src/oidc/storage/store.ts';
import { shiftTime } from '../../support/time.ts';
import { arohas, fresh, LIFE, together } from './artefacts.ts';

/** Models whose loss costs a person no more than a new sign-in: every store must be able to keep them. */
export const volatileModels = ['Session', 'Interaction', 'PushedAuthorizationRequest'] as const;

/**
 * What every artefact store does, whatever is behind it.
 *
 * @param store called in each test, because stores are opened in `beforeAll`
 */
export function describeContract(store: () => ArtefactStore, models: readonly string[]): void {
  afterEach(() => shiftTime(0));

  /** Puts as the library does: a session always has a uid of its own. */
  const put = (model: string, id: string, changes: Partial<Artefact> = {}) =>
    store().put(model, id, arohas({ ...(model === 'Session' ? { uid: `uid-of-${id}` } : {}), ...changes }));

  describe('a session that a request found and saves', () => {
    const model = 'Session';
    const saved = (uid: string, payload: Artefact['payload']) => arohas({ uid, payload });

    test('is changed in its place, under its new id, with what others changed meanwhile', async () => {
      const [uid, before, after] = [fresh('uid'), fresh('id'), fresh('id')];
      await put(model, before, {
        uid,
        payload: { accountId: 'aroha', authorizations: { a: { grantId: '1' } } },
      });
      await store().replace(
        model,
        after,
        saved(uid, { accountId: 'aroha', authorizations: { b: { grantId: '2' } } }),
      );
      expect(await store().find(model, before)).toBeUndefined();
      expect((await store().find(model, after))?.payload).toEqual({
        accountId: 'aroha',
        authorizations: { a: { grantId: '1' }, b: { grantId: '2' } },
      });
    });

    test('is not brought back when it is gone', async () => {
      const [uid, id] = [fresh('uid'), fresh('id')];
      await put(model, id, { uid });
      await store().destroyByUid(model, uid);
      expect(await store().find(model, id)).toBeUndefined();
      await store().replace(model, id, saved(uid, { accountId: 'aroha' }));
      expect(await store().find(model, id)).toBeUndefined();
      expect(await store().findByUid(model, uid)).toBeUndefined();
    });

    test('is gone under whichever id it has by now', async () => {
      const [uid, before, after] = [fresh('uid'), fresh('id'), fresh('id')];
      await put(model, before, { uid, payload: { accountId: 'aroha' } });
      await store().replace(model, after, saved(uid, { accountId: 'aroha' }));
      await store().destroyByUid(model, uid);
      expect(await store().find(model, after)).toBeUndefined();
    });

    test('is left alone by who knew nobody, once somebody has signed in', async () => {
      const [uid, before, after] = [fresh('uid'), fresh('id'), fresh('id')];
      await put(model, after, { uid, payload: { accountId: 'aroha' } });
      await store().replace(model, before, saved(uid, {}));
      expect(await store().find(model, before)).toBeUndefined();
      expect((await store().find(model, after))?.payload).toEqual({ accountId: 'aroha' });
    });

    test('keeps the later grant of an application that the request left as it had found it', async () => {
      const [uid, id] = [fresh('uid'), fresh('id')];
      const session = (authorizations: object) => ({ accountId: 'aroha', authorizations });
      const found = session({ kete: { grantId: 'first' } });
      await put(model, id, { uid, payload: found });
      await store().replace(model, id, saved(uid, session({ kete: { grantId: 'second' } })), found);
      const late = session({ kete: { grantId: 'first' }, lab: { grantId: 'third' } });
      await store().replace(model, id, saved(uid, late), found);
      expect((await store().find(model, id))?.payload).toEqual(
        session({ kete: { grantId: 'second' }, lab: { grantId: 'third' } }),
      );
    });

    test('and that is destroyed: each of fifty saves is in what was destroyed, or is told that it is gone', async () => {
      const [uid, id] = [fresh('uid'), fresh('id')];
      await put(model, id, { uid, payload: { accountId: 'aroha' } });
      const numbers = Array.from({ length: 50 }, (_, index) => String(index));
      const save = (name: string) =>
        store().replace(
          model,
          Number(name) % 2 === 0 ? id : fresh('id'),
          saved(uid, { accountId: 'aroha', authorizations: { [name]: { grantId: name } } }),
        );
      const [there, last] = await Promise.all([
        Promise.all(numbers.map(save)),
        store().destroyByUid(model, uid),
      ]);
      expect(Object.keys(last?.authorizations ?? {}).sort()).toEqual(
        numbers.filter((_, index) => there[index]).sort(),
      );
      expect(await store().destroyByUid(model, uid)).toBeUndefined();
      expect(await save('late')).toBe(false);
    });

    test('stays gone when it is destroyed while fifty requests save it', async () => {
      const [uid, id] = [fresh('uid'), fresh('id')];
      await put(model, id, { uid, payload: { accountId: 'aroha' } });
      const ids = Array.from({ length: 50 }, () => fresh('id'));
      await Promise.all([
        ...ids.map((one) => store().replace(model, one, saved(uid, { accountId: 'aroha' }))),
        store().destroyByUid(model, uid),
      ]);
      for (const one of [id, ...ids]) expect(await store().find(model, one)).toBeUndefined();
    });
  });

  describe.each(models)('%s', (model) => {
    test('comes back as it was put, with members that nobody here knows', async () => {
      const id = fresh('id');
      const payload = {
        accountId: 'aroha',
        from_a_later_release: { nested: [1, 'two', null, { māori: '🌿' }] },
      };
      await put(model, id, { payload });
      expect(await store().find(model, id)).toEqual({ payload, consumedAt: undefined });
    });

    test('is unknown under another id or another model', async () => {
      const id = fresh('id');
      await put(model, id);
      expect(await store().find(model, fresh('id'))).toBeUndefined();
      expect(await store().find('AnotherModel', id)).toBeUndefined();
      expect(await store().findByUid(model, id)).toBeUndefined();
      expect(await store().findByUserCode(model, id)).toBeUndefined();
    });

    test('is replaced as a whole', async () => {
      const id = fresh('id');
      await put(model, id, { payload: { result: 'none', left: 'over' } });
      await put(model, id, { payload: { result: 'login' } });
      expect(await store().find(model, id)).toEqual({ payload: { result: 'login' }, consumedAt: undefined });
    });

    test('put again: replaced as a whole, for as long as that says', async () => {
      const id = fresh('id');
      await put(model, id, { payload: { result: 'none', left: 'over' } });
      const again = arohas({
        payload: { result: 'login' },
        uid: model === 'Session' ? `uid-of-${id}` : undefined,
        expiresAt: new Date(Date.now() + LIFE * 1000 - 10_000),
      });
      expect(await store().putAgain(model, id, again)).toBe(true);
      expect(await store().find(model, id)).toEqual({ payload: { result: 'login' }, consumedAt: undefined });
      shiftTime(LIFE - 5);
      expect(await store().find(model, id)).toBeUndefined();
    });

    test('put again when it is gone: stays gone', async () => {
      const id = fresh('id');
      expect(await store().putAgain(model, id, arohas())).toBe(false);
      await put(model, id);
      expect(await store().destroy(model, id)).toBe(true);
      expect(await store().putAgain(model, id, arohas())).toBe(false);
      expect(await store().find(model, id)).toBeUndefined();
      expect(await store().destroy(model, id)).toBe(false);
    });

    test('lives as long as the later put says', async () => {
      const id = fresh('id');
      await put(model, id);
      await put(model, id, { expiresAt: new Date(Date.now() + 2 * LIFE * 1000) });
      shiftTime(LIFE + 5);
      expect(await store().find(model, id)).toBeDefined();
    });

    test('is absent once it is replaced by one that has expired', async () => {
      const id = fresh('id');
      await put(model, id);
      await put(model, id, { expiresAt: new Date(Date.now() - 1000) });
      expect(await store().find(model, id)).toBeUndefined();
      expect(await store().consume(model, id)).toBe(false);
    });

    test('is found until it expires, and by no path afterwards', async () => {
      const [id, uid] = [fresh('id'), fresh('uid')];
      await put(model, id, { uid });
      shiftTime(LIFE - 2);
      expect(await store().find(model, id)).toBeDefined();
      expect(await store().findByUid(model, uid)).toBeDefined();
      shiftTime(LIFE + 1);
      expect(await store().find(model, id)).toBeUndefined();
      expect(await store().findByUid(model, uid)).toBeUndefined();
      expect(await store().consume(model, id)).toBe(false);
    });

    test('is consumed once, and shows when', async () => {
      const id = fresh('id');
      await put(model, id);
      const before = Date.now();
      expect(await store().consume(model, id)).toBe(true);
      expect(await store().consume(model, id)).toBe(false);
      const consumedAt = (await store().find(model, id))?.consumedAt?.getTime();
      expect(consumedAt).toBeGreaterThanOrEqual(before);
      expect(consumedAt).toBeLessThanOrEqual(Date.now());
    });

    test('has exactly one winner of 50 who consume it at the same time', async () => {
      const id = fresh('id');
      await put(model, id);
      const won = await together(50, () => store().consume(model, id));
      expect(won.filter(Boolean)).toHaveLength(1);
    });

    test('cannot be consumed when it does not exist', async () => {
      expect(await store().consume(model, fresh('id'))).toBe(false);
    });

    test('stays consumed when it is put again, also by a racing put', async () => {
      const id = fresh('id');
      await put(model, id);
      await store().consume(model, id);
      await together(10, () => put(model, id, { payload: { saved: 'again' } }));
      expect(await store().find(model, id)).toEqual({
        payload: { saved: 'again' },
        consumedAt: expect.any(Date),
      });
      expect(await store().consume(model, id)).toBe(false);
    });

    test('lives no longer for having been consumed', async () => {
      const id = fresh('id');
      await put(model, id);
      shiftTime(LIFE - 5);
      await store().consume(model, id);
      shiftTime(LIFE + 1);
      expect(await store().find(model, id)).toBeUndefined();
    });

    test('is gone when it is destroyed, from every path; destroying nothing is no fault', async () => {
      const [id, uid] = [fresh('id'), fresh('uid')];
      await put(model, id, { uid });
      await store().destroy(model, id);
      await store().destroy(model, id);
      expect(await store().find(model, id)).toBeUndefined();
      expect(await store().findByUid(model, uid)).toBeUndefined();
      expect(await store().consume(model, id)).toBe(false);
    });

    test('is not brought back from destruction as a consumed one', async () => {
      const id = fresh('id');
      await put(model, id);
      await store().consume(model, id);
      await store().destroy(model, id);
      await put(model, id);
      expect(await store().find(model, id)).toEqual({ payload: arohas().payload, consumedAt: undefined });
    });
  });

  describe('a session and its uid', () => {
    test('is found by its uid', async () => {
      const [id, uid] = [fresh('id'), fresh('uid')];
      await store().put('Session', id, arohas({ uid, payload: { uid } }));
      expect(await store().findByUid('Session', uid)).toEqual({ payload: { uid }, consumedAt: undefined });
      expect(await store().findByUid('Session', fresh('uid'))).toBeUndefined();
    });

    test('saved by ten requests of one browser at once, under one id: 50 rounds without an error', async () => {
      for (let round = 0; round < 50; round += 1) {
        const [id, uid] = [fresh('id'), fresh('uid')];
        await together(10, (index) => store().put('Session', id, arohas({ uid, payload: { index } })));
        expect(await store().find('Session', id)).toEqual(await store().findByUid('Session', uid));
      }
    });

    test('given a new id by two requests at once: one survives, the uid leads to it; 50 rounds without an error', async () => {
      for (let round = 0; round < 50; round += 1) {
        const uid = fresh('uid');
        const ids = [fresh('left'), fresh('right')];
        await together(2, (index) =>
          store().put('Session', String(ids[index]), arohas({ uid, payload: { index } })),
        );
        const found = await Promise.all(ids.map((id) => store().find('Session', id)));
        const survivors = found.filter((one) => one !== undefined);
        expect(survivors).toHaveLength(1);
        expect(await store().findByUid('Session', uid)).toEqual(survivors[0]);
      }
    });

    test('of two ids, one after the other, the later one counts', async () => {
      const [first, second, uid] = [fresh('first'), fresh('second'), fresh('uid')];
      await store().put('Session', first, arohas({ uid, payload: { at: 'first' } }));
      await store().put('Session', second, arohas({ uid, payload: { at: 'second' } }));
      expect(await store().find('Session', first)).toBeUndefined();
      expect(await store().findByUid('Session', uid)).toMatchObject({ payload: { at: 'second' } });
    });
  });
}
