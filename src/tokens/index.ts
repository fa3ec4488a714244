export * from './check-digits.ts';
export { isEndpoint } from './envelope.ts';
export { isGenericAccount } from './generic.ts';
export * as gpConnect from './gp-connect.ts';
export * from './identifiers.ts';
export {
  bearsNameOf,
  type PractitionerResource,
  practitionerResource,
  type RequestingPractitioner,
  readPractitioner,
} from './practitioner.ts';
export type { Read } from './reading.ts';
export { readOrganization, readOrganizationString, readUser } from './requesting.ts';
export * as spineCore from './spine-core.ts';
