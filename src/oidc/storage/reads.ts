import type { Named } from '../browser-cookies.ts';
import { keptId } from './artefact.ts';
import type { StorageContext } from './context.ts';
import type { ArtefactStore, Looked, StoredArtefact } from './store.ts';

/** Look-ups of what a browser's cookies name. */
export interface Reads extends Pick<ArtefactStore, 'find' | 'findByUid'> {
  /** What this request looks up from now on is looked up again: it has changed something. */
  forget(): void;
}

/**
 * Looks up sessions and interactions once a request, and both together, because the library and the pages look for them in
 * turn. Nothing is decided by what was read: whatever changes once is changed by a conditional statement (`models.ts`).
 */
export function createReads(store: ArtefactStore, context: StorageContext): Reads {
  const keyOf = (model: string, id: string) => `${model} ${id}`;

  async function lookUp(looked: Looked, model: string, id: string): Promise<StoredArtefact | undefined> {
    const key = keyOf(model, id);
    if (!looked.has(key)) {
      const others = context
        .named()
        .map((one: Named) => ({ model: one.model, id: keptId(one.model, one.id) }))
        .filter((one) => !looked.has(keyOf(one.model, one.id)) && keyOf(one.model, one.id) !== key);
      const places = [{ model, id }, ...others];
      const all = store.findSome(places);
      for (const [at, place] of places.entries()) looked.set(keyOf(place.model, place.id), { at, all });
    }
    const entry = looked.get(key);
    try {
      // A copy: the library works on what it was given.
      return entry && structuredClone((await entry.all)[entry.at]);
    } catch (error) {
      looked.clear();
      throw error;
    }
  }

  return {
    async find(model, id) {
      const looked = context.looked();
      return looked === undefined ? store.find(model, id) : lookUp(looked, model, id);
    },
    async findByUid(model, uid) {
      const looked = context.looked();
      const mine = looked === undefined ? [] : context.named().filter((one) => one.model === model);
      for (const { id } of mine) {
        const found = looked && (await lookUp(looked, model, keptId(model, id)));
        if (found?.payload.uid === uid) return found;
      }
      return store.findByUid(model, uid);
    },
    forget() {
      context.looked()?.clear();
    },
  };
}
