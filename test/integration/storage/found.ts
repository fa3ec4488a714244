import { afterEach, describe, expect, test } from 'vitest';
import type { ArtefactStore } from '../../../src/oidc/storage/store.ts';
import { shiftTime } from '../../support/time.ts';
import { arohas, fresh, LIFE, together } from './artefacts.ts';

/** What every artefact store does for a request that looks several things up and saves one again (`reads.ts`, `session.ts`). */
export function describeFound(store: () => ArtefactStore): void {
  const model = 'Session';
  afterEach(() => shiftTime(0));

  test('several are found at once, in the order in which they were asked for', async () => {
    const [one, other] = [fresh('id'), fresh('id')];
    await store().put('Interaction', one, arohas({ payload: { result: 'one' } }));
    await store().put(model, other, arohas({ uid: fresh('uid'), payload: { result: 'other' } }));
    const places = [
      { model, id: other },
      { model: 'Interaction', id: other },
      { model: 'Interaction', id: one },
    ];
    const found = await store().findSome(places);
    expect(found.map((each) => each?.payload)).toEqual([{ result: 'other' }, undefined, { result: 'one' }]);
  });

  describe('a session that is saved as it was found', () => {
    const before = { accountId: 'aroha', authorizations: { a: { grantId: '1' } } };
    const after = { accountId: 'aroha', authorizations: { a: { grantId: '1' }, b: { grantId: '2' } } };

    test('is kept under its new id alone', async () => {
      const [uid, first, second] = [fresh('uid'), fresh('id'), fresh('id')];
      await store().put(model, first, arohas({ uid, payload: before }));
      expect(await store().replace(model, second, arohas({ uid, payload: after }), before)).toBe(true);
      expect(await store().find(model, first)).toBeUndefined();
      expect((await store().find(model, second))?.payload).toEqual(after);
    });

    test('of two that save it at once, neither loses what the other has added', async () => {
      const [uid, first] = [fresh('uid'), fresh('id')];
      await store().put(model, first, arohas({ uid, payload: before }));
      const added = ['b', 'c', 'd', 'e'];
      await Promise.all(
        added.map((name) => {
          const authorizations = { ...before.authorizations, [name]: { grantId: name } };
          const payload = { accountId: 'aroha', authorizations };
          return store().replace(model, fresh('id'), arohas({ uid, payload }), before);
        }),
      );
      const kept = (await store().findByUid(model, uid))?.payload;
      expect(Object.keys(kept?.authorizations ?? {}).sort()).toEqual(['a', ...added]);
    });

    test('is not brought back once it has ended', async () => {
      const [uid, first, second] = [fresh('uid'), fresh('id'), fresh('id')];
      await store().put(model, first, arohas({ uid, payload: before }));
      await store().destroyByUid(model, uid);
      expect(await store().replace(model, second, arohas({ uid, payload: after }), before)).toBe(false);
      expect(await store().find(model, second)).toBeUndefined();
    });
  });

  describe('a session that is to go on', () => {
    const before = { accountId: 'aroha', acr: '1', amr: ['pwd'], exp: 1, authorizations: {} };
    const after = { ...before, acr: '2', amr: ['pwd', 'otp'], exp: 2 };
    const later = () => new Date((Math.floor(Date.now() / 1000) + 10 * LIFE) * 1000);

    test('lives longer, with what others saved in it meanwhile', async () => {
      const [uid, id] = [fresh('uid'), fresh('id')];
      await store().put(model, id, arohas({ uid, payload: before }));
      await store().replace(model, id, arohas({ uid, payload: after }), before);
      const end = later();
      expect(await store().prolong(model, id, end)).toBe(true);
      const prolonged = { ...after, exp: end.getTime() / 1000 };
      expect((await store().find(model, id))?.payload).toEqual(prolonged);
      // Never shorter, and once is enough.
      expect(await store().prolong(model, id, end)).toBe(false);
      expect(await store().prolong(model, id, new Date(Date.now() + 1000))).toBe(false);
      shiftTime(2 * LIFE);
      expect((await store().findByUid(model, uid))?.payload).toEqual(prolonged);
      shiftTime(11 * LIFE);
      expect(await store().prolong(model, id, new Date(Date.now() + LIFE * 1000))).toBe(false);
    });

    test('is left alone where it has another id by now, or is gone', async () => {
      const [uid, first, second] = [fresh('uid'), fresh('id'), fresh('id')];
      await store().put(model, first, arohas({ uid, payload: before }));
      await store().replace(model, second, arohas({ uid, payload: after }), before);
      expect(await store().prolong(model, first, later())).toBe(false);
      expect(await store().find(model, first)).toBeUndefined();
      expect((await store().find(model, second))?.payload).toEqual(after);
      await store().destroyByUid(model, uid);
      expect(await store().prolong(model, second, later())).toBe(false);
      expect(await store().find(model, second)).toBeUndefined();
    });

    test('undoes no newer sign-in that is saved at the same time', async () => {
      const [uid, first, second] = [fresh('uid'), fresh('id'), fresh('id')];
      await store().put(model, first, arohas({ uid, payload: before }));
      const going = together(25, (index) =>
        store().prolong(model, first, new Date(later().getTime() + index * 1000)),
      );
      const saved = store().replace(model, second, arohas({ uid, payload: after }), before);
      await Promise.all([saved, going]);
      expect(await store().find(model, first)).toBeUndefined();
      expect((await store().find(model, second))?.payload).toMatchObject({ acr: '2', amr: ['pwd', 'otp'] });
    });
  });
}
