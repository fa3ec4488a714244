import type { Audit } from '../audit/index.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { Seal } from '../keys/index.ts';
import { type Authenticators, createAuthenticators } from './authenticators.ts';
import { createChallenges } from './challenges.ts';
import { createRecordChange, type Notify } from './credential-change.ts';
import { createEndHalfDone, createHoldAccount } from './half-done.ts';
import { createPasskeys, type Passkeys } from './passkeys.ts';
import { createPasswordChange, type PasswordChange } from './password-change.ts';
import { createPasswordChoice, type PasswordChoice } from './password-choice.ts';
import type { Passwords } from './passwords.ts';
import { createRecoveryCodes, type RecoveryCodes } from './recovery-codes.ts';
import { createWebauthn } from './webauthn.ts';

/** What people prove with who they are. */
export interface Credentials extends PasswordChange {
  readonly passkeys: Passkeys;
  readonly authenticators: Authenticators;
  readonly recoveryCodes: RecoveryCodes;
  readonly passwordChoice: PasswordChoice;
}

/**
 * Puts together what people prove with who they are.
 *
 * @param issuer the origin of our pages: passkeys belong to its host
 * @param challengeKey secret, the same on all nodes
 * @param seal encrypts the seeds of authenticator apps
 * @param breachedFile path of a list of breached passwords, if there is one
 * @param notify tells people what was changed
 */
export function createCredentials(options: {
  db: Database;
  clock: Clock;
  audit: Audit;
  passwords: Passwords;
  issuer: string;
  challengeKey: string;
  seal: Seal;
  breachedFile: string | undefined;
  notify: Notify;
}): Credentials {
  const { issuer, challengeKey, clock, breachedFile } = options;
  const recordChange = createRecordChange(options);
  const [endHalfDone, holdAccount] = [createEndHalfDone(options), createHoldAccount(options)];
  const shared = { ...options, recordChange, endHalfDone, holdAccount };
  const challenges = createChallenges({ key: challengeKey, clock });
  const choice = createPasswordChoice({ issuer, breachedFile });
  return {
    passkeys: createPasskeys({ ...shared, webauthn: createWebauthn({ issuer, challenges }) }),
    authenticators: createAuthenticators({ ...shared, service: 'Assent' }),
    recoveryCodes: createRecoveryCodes(shared),
    passwordChoice: choice,
    ...createPasswordChange({ ...shared, choice }),
  };
}
