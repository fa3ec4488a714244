export { type Account, asIdentifier, proofVersionOf, type Signed } from './account.ts';
export { type AccountRow, type Accounts, accountColumns, asAccount, createAccounts } from './accounts.ts';
export {
  type Acr,
  type AssuranceLevel,
  acrOf,
  acrs,
  acrWithCode,
  asksToWrite,
  FRESH,
  levelOf,
  methods,
  requiredLevel,
  suffices,
} from './assurance.ts';
export type { AuthenticatorFault, AuthenticatorSetup, Authenticators } from './authenticators.ts';
export type { CredentialChange, Notify } from './credential-change.ts';
export { type Credentials, createCredentials } from './credentials.ts';
export type { Person } from './directory.ts';
export { createEndHalfDone, createHoldAccount } from './half-done.ts';
export {
  birthDate,
  type HealthIdentifier,
  healthIdentifier,
  type IdentityLevel,
  identityLevels,
  registerOf,
} from './identity.ts';
export type { OpenInvitation } from './invitations.ts';
export { createKnownIdentities, type KnownIdentity } from './known-identity.ts';
export { type NextStep, nextStep, type Proofs } from './next-step.ts';
export { createNotices } from './notices.ts';
export { createOwnAccount, type OwnAccount } from './own-account.ts';
export type { Passkey } from './passkey.ts';
export type { PasskeyFault, PasskeySignIn, Passkeys } from './passkeys.ts';
export type { PasswordChangeFault } from './password-change.ts';
export type { PasswordChoice } from './password-choice.ts';
export type { EndEverything, ResetFault } from './password-resets.ts';
export { LONGEST_PASSWORD, type PasswordFault, SHORTEST_PASSWORD } from './password-rules.ts';
export { createPasswords, type Passwords } from './passwords.ts';
export { createPeople, type People } from './people.ts';
export type { RecoveryCodes } from './recovery-codes.ts';
export { createVouchedAccounts, type VouchedAccounts } from './vouched.ts';
export { anotherWayIn } from './ways-in.ts';
