export { CLOCK_TOLERANCE, LONGEST_ASSERTION, timesFault } from './assertion-times.ts';
export { beyondClient, clientHolds, requestedScopes } from './client-scopes.ts';
export { identityHeld, lastingScopes } from './identity-scopes.ts';
export { admitAsserted, admitPerson } from './person.ts';
export { machineNames, provenanceFault, reasonOf } from './provenance.ts';
export { chooseRecord, mayStillOpen, needsPatient, type RecordChoice, recordsShown } from './record.ts';
export { isRefusal, type Refusal } from './refusal.ts';
export { aboveRole, chooseRole, type RoleChoice } from './role.ts';
export { stillHeld } from './still-held.ts';
export { admitSystem } from './system.ts';
export {
  type Asserted,
  type AssertedClaims,
  knownRoles,
  readUserContext,
} from './user-context.ts';
