export { ACCOUNT_CALLBACK, accountClientId, withAccountClient } from './account-client.ts';
export {
  type Client,
  type ClientSecret,
  clientName,
  type Device,
  identityScopesOf,
  isPublic,
  listed,
  logoutUri,
  pageOrigins,
  scopesAt,
  secretHash,
  secretMatches,
} from './client.ts';
export { checkRegistrations, readRegistrations } from './import.ts';
export { assertionAlgorithms, isUsableKey, MOST_KEYS } from './jwks.ts';
export {
  authenticationMethods,
  grantTypes,
  identityScopes,
  isClientId,
  isIdentityScope,
  jwtBearerGrant,
} from './metadata.ts';
export type { CheckedRegistration } from './registration.ts';
export { type ClientRecord, type ClientRegistry, createClientRegistry } from './registry.ts';
