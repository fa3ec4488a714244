import { expect, test } from 'vitest';
import { type NextStep, nextStep } from '../../../src/accounts/index.ts';

const app = { always: false };
const always = { always: true };

test.each<
  [
    what: string,
    level: 1 | 2 | 3,
    acr: string,
    amr: readonly string[],
    authenticator: { always: boolean } | undefined,
    passkey: boolean,
    next: NextStep,
  ]
>([
  ['a password is enough', 1, '1', ['pwd'], app, true, 'done'],
  ['unless she wants a code always', 1, '1', ['pwd'], always, false, 'code'],
  ['a code, where it is needed', 2, '1', ['pwd'], app, true, 'code'],
  ['a passkey, where she has no app', 2, '1', ['pwd'], undefined, true, 'passkey'],
  ['nothing that she has would do', 2, '1', ['pwd'], undefined, false, 'no-passkey'],
  ['password and code are enough', 2, '2', ['pwd', 'otp', 'mfa'], always, true, 'done'],
  ['straight to the passkey', 3, '1', ['pwd'], always, true, 'passkey'],
  ['first all that she has, before a passkey is set up', 3, '1', ['pwd'], app, false, 'code'],
  ['then the passkey can be set up', 3, '2', ['pwd', 'otp', 'mfa'], app, false, 'no-passkey'],
  ['a passkey is enough for everything', 3, '3', ['hwk', 'user', 'mfa'], always, true, 'done'],
])('%s', (_what, level, acr, amr, authenticator, passkey, next) => {
  expect(nextStep({ level, acr, amr }, { authenticator, passkey })).toBe(next);
});
