import type { Artefact } from '../../../src/oidc/storage/store.ts';

/** How long the artefacts of these stories live, in seconds. */
export const LIFE = 60;

/**
 * An artefact of the story: Aroha signs in at Kete's application.
 *
 * @param changes what this artefact has beside or instead of the usual
 */
export function arohas(changes: Partial<Artefact> = {}): Artefact {
  return {
    payload: { accountId: 'aroha', clientId: 'kete-web', kind: 'story' },
    grantId: undefined,
    uid: undefined,
    userCode: undefined,
    accountId: 'aroha',
    clientId: 'kete-web',
    expiresAt: new Date(Date.now() + LIFE * 1000),
    ...changes,
  };
}

/** A name that no other test uses, for databases that several share. */
export const fresh = (what: string) => `${what}-${crypto.randomUUID()}`;

/** `count` calls that start together. */
export const together = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));
