import { describe, expect, test } from 'vitest';
import type { ArtefactStore } from '../../../src/oidc/storage/store.ts';
import { arohas, fresh } from './artefacts.ts';

/** What every artefact store does for a request that looks several things up and saves one again (`reads.ts`, `session.ts`). */
export function describeFound(store: () => ArtefactStore): void {
  const model = 'Session';

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
}
