import { expect, test } from 'vitest';
import { createSessionLife } from '../../../src/oidc/person/session-life.ts';

const NOW = 1_000_000;

/** When a session is let go on to, in seconds from now; undefined where nothing is written. */
async function extended(session: { exp?: number; loginTs?: number }): Promise<number | undefined> {
  let end: Date | undefined;
  const life = createSessionLife({
    clock: { now: () => new Date(NOW * 1000), seconds: () => NOW },
    volatile: {
      async prolong(_model, _id, expiresAt) {
        end = expiresAt;
        return true;
      },
    },
  });
  const { exp, loginTs } = session;
  await life.extend({
    jti: 'j',
    exp: exp === undefined ? undefined : NOW + exp,
    loginTs: loginTs === undefined ? undefined : NOW + loginTs,
  });
  return end && end.getTime() / 1000 - NOW;
}

test.for([
  ['an hour from now, where some of the last hour is used up', { exp: 3000, loginTs: -5000 }, 3600],
  ['to its last end, twelve hours after the sign-in', { exp: 1000, loginTs: 2000 - 12 * 3600 }, 2000],
  ['no further where that adds less than five minutes', { exp: 3301, loginTs: -5000 }, undefined],
  ['no further at its last end', { exp: 100, loginTs: 100 - 12 * 3600 }, undefined],
  ['nowhere where it was never kept', { loginTs: -5000 }, undefined],
] as const)('a session goes on %s', async ([_what, session, expected]) => {
  expect(await extended(session)).toBe(expected);
});
