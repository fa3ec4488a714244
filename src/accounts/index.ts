export { type Account, asIdentifier } from './account.ts';
export { type Accounts, createAccounts } from './accounts.ts';
export { createPasswords, type Passwords } from './passwords.ts';
