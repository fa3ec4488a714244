import { expect, test } from 'vitest';
import { mergeSession } from '../../../src/oidc/storage/session.ts';

const aroha = { accountId: 'aroha', uid: 'u' };

test('who knew nobody does not write over somebody who signed in meanwhile', () => {
  expect(mergeSession(aroha, { uid: 'u' })).toBeUndefined();
});

test('signing in writes over a session of nobody, and nothing of that is kept', () => {
  expect(mergeSession({ uid: 'u', state: { secret: 's' } }, aroha)).toEqual(aroha);
});

test('what was granted to another application meanwhile stays', () => {
  const kept = { ...aroha, authorizations: { kete: { grantId: 'g1' }, ward: { grantId: 'g2' } } };
  const saved = { ...aroha, authorizations: { kete: { grantId: 'g3' } } };
  expect(mergeSession(kept, saved)).toEqual({
    ...aroha,
    authorizations: { kete: { grantId: 'g3' }, ward: { grantId: 'g2' } },
  });
});

test('a sign-out that was begun meanwhile stays', () => {
  expect(mergeSession({ ...aroha, state: { secret: 's' } }, aroha)).toEqual({
    ...aroha,
    state: { secret: 's' },
  });
  expect(mergeSession({ ...aroha, state: { secret: 's' } }, { ...aroha, state: { secret: 't' } })).toEqual({
    ...aroha,
    state: { secret: 't' },
  });
});

test('another person on the same session takes nothing of the first one along', () => {
  const mere = { accountId: 'mere', uid: 'u' };
  expect(mergeSession({ ...aroha, authorizations: { kete: { grantId: 'g' } } }, mere)).toEqual(mere);
});
