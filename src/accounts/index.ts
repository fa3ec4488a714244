export { type Account, asIdentifier } from './account.ts';
export { type Accounts, createAccounts } from './accounts.ts';
export {
  type Acr,
  type AssuranceLevel,
  acrOf,
  acrs,
  levelOf,
  methods,
  requiredLevel,
  suffices,
} from './assurance.ts';
export { createPasswords, type Passwords } from './passwords.ts';
