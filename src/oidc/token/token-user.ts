import { type Identifier, namingSystems, type RequestingPractitioner, UNKNOWN } from '../../tokens/index.ts';
import type { RequestState } from '../request-state.ts';

/** Our own naming systems, for practitioners whom we signed in. */
const localSystems = (issuer: string) => ({
  practitioner: `${issuer}/Id/practitioner`,
  role: `${issuer}/Id/practitioner-role`,
});

/**
 * The practitioner of a GP Connect token: whom we signed in, in the role that she chose, or whom the client's system
 * asserted. Where there is no national identity it is `UNK`, and the local one always stands beside it (spine-jwt.md 3.4).
 */
export function practitionerIn(state: RequestState, issuer: string): RequestingPractitioner | undefined {
  const { role, asserted } = state;
  if (asserted !== undefined) return asserted.practitioner;
  if (role === undefined) return undefined;
  const { practitioner, sdsUser, roleProfile, family, given, prefix } = role;
  return {
    id: practitioner,
    sdsUser: sdsUser ?? UNKNOWN,
    sdsRoleProfile: roleProfile ?? UNKNOWN,
    local: [{ system: localSystems(issuer).practitioner, value: practitioner }],
    name: {
      family,
      ...(given.length > 0 && { given }),
      ...(prefix.length > 0 && { prefix }),
    },
  };
}

/**
 * The user of a Spine Core token: the national role profile where there is one, else our own id of the role (spine-jwt.md
 * section 4). Undefined for a system that asks without a person.
 */
export function userIn({ role, asserted }: RequestState, issuer: string): Identifier | undefined {
  if (asserted !== undefined) return asserted.user;
  if (role === undefined) return undefined;
  return role.roleProfile === undefined
    ? { system: localSystems(issuer).role, value: role.id }
    : { system: namingSystems.sdsRoleProfile, value: role.roleProfile };
}
