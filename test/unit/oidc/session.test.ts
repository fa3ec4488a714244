import { describe, expect, test } from 'vitest';
import { grantsEndingWith, mergeSession } from '../../../src/oidc/storage/session.ts';

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

describe('a request that has found a session writes only what it changed', () => {
  const granted = (authorizations: object) => ({ ...aroha, authorizations });

  test('an application that it left alone keeps the grant that it was given meanwhile', () => {
    const found = granted({ kete: { grantId: 'g1' } });
    const kept = granted({ kete: { grantId: 'g2' } });
    const saved = granted({ kete: { grantId: 'g1' }, lab: { grantId: 'g3' } });
    expect(mergeSession(kept, saved, found)).toEqual(
      granted({ kete: { grantId: 'g2' }, lab: { grantId: 'g3' } }),
    );
  });

  test('an application that it only looked for keeps the grant that it was given meanwhile', () => {
    const kept = granted({ kete: { grantId: 'g1' } });
    expect(mergeSession(kept, granted({ kete: {} }), aroha)).toEqual(kept);
    expect(mergeSession(kept, granted({ kete: {} }), granted({ kete: {} }))).toEqual(kept);
  });

  test('an application that it changed has what it says', () => {
    const found = granted({ kete: { grantId: 'g1' }, lab: { grantId: 'g3' } });
    const kept = granted({ kete: { grantId: 'g2' }, lab: { grantId: 'g3' } });
    const saved = granted({ kete: { grantId: 'g4' }, lab: { grantId: 'g3', persistsLogout: true } });
    expect(mergeSession(kept, saved, found)).toEqual(saved);
  });

  test('an application that it removed is gone, and one that was removed meanwhile does not come back', () => {
    const found = granted({ kete: { grantId: 'g1' }, lab: { grantId: 'g2' } });
    const kept = granted({ kete: { grantId: 'g1' }, ward: { grantId: 'g3' } });
    const saved = granted({ lab: { grantId: 'g2' } });
    expect(mergeSession(kept, saved, found)).toEqual(granted({ ward: { grantId: 'g3' } }));
  });

  test('a sign-out: one that it began or finished counts, one that it left alone stays as it is by now', () => {
    const begun = { ...aroha, state: { secret: 's' } };
    const again = { ...aroha, state: { secret: 't' } };
    expect(mergeSession(aroha, begun, aroha)).toEqual(begun);
    expect(mergeSession(begun, aroha, begun)).toEqual(aroha);
    expect(mergeSession(again, begun, begun)).toEqual(again);
    expect(mergeSession(aroha, begun, begun)).toEqual(aroha);
  });
});

test('signing out ends the grants of all applications but those that may go on without the person', () => {
  const authorizations = {
    kete: { sid: '1', grantId: 'g1' },
    lab: { sid: '2', grantId: 'g2', persistsLogout: true },
    ward: { sid: '3' },
    notes: { grantId: 'g3' },
  };
  expect(grantsEndingWith({ ...aroha, authorizations })).toEqual(['g1', 'g3']);
  expect(grantsEndingWith(aroha)).toEqual([]);
});
