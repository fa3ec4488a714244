import { namingSystems, type PractitionerResource, practitionerResource } from '../tokens/index.ts';
import { type DemoPerson, type DemoRole, people } from './people.ts';
import { apis, clients } from './world.ts';

/** What a system says of the user whom it signed in itself, beside the envelope of its assertion. */
export interface UserContext {
  /** The system's own id of the user. */
  readonly sub: string;
  readonly reason_for_request: string;
  /** For an API of the profile `gp-connect`: a FHIR Practitioner (provenance page, requesting_practitioner). */
  readonly requesting_practitioner?: PractitionerResource;
  /** For an API of the profile `spine-core`: `URI|value` (Spine Core JWT page, claim table). */
  readonly requesting_user?: string;
}

type Practitioner = DemoPerson & { readonly practitionerId: string; readonly roles: readonly DemoRole[] };

/** Everybody in the demo world who has a role in care. */
export function demoPractitioners(): Practitioner[] {
  // Birth dates follow the day of seeding; nothing here tells of them, so any day does.
  return people('2026-01-01').filter(
    (person): person is Practitioner => person.practitionerId !== undefined && person.roles !== undefined,
  );
}

/** Her first role at the client's organisation; where she has none there, one that the server will refuse. */
function usualRole({ roles }: Practitioner, clientId: string): DemoRole | undefined {
  const client = clients('').find((one) => one.client_id === clientId);
  return roles.find(({ organization }) => organization === client?.organization) ?? roles[0];
}

/**
 * What a system of the demo world says of a practitioner in its user context assertion. Nothing is held against the
 * catalogue but the form: what the server refuses must be possible to send.
 *
 * @param request.user key, sign-in name or SDS user id of a practitioner
 * @param request.role SDS role profile id; by default that of her first role at the client's organisation
 * @param request.resource audience of the API; the form is that of `gp-connect` unless this is a `spine-core` API
 * @returns undefined if no practitioner of the demo world is called so
 */
export function demoUserContext(request: {
  user: string;
  clientId: string;
  role: string | undefined;
  reason: string | undefined;
  resource: string | undefined;
}): UserContext | undefined {
  const { user, clientId, resource, reason = 'directcare' } = request;
  const person = demoPractitioners().find(({ key, signInName, identifier }) =>
    [key, signInName, identifier?.value].includes(user),
  );
  if (person === undefined) return undefined;
  const id = person.practitionerId;
  const role = request.role ?? usualRole(person, clientId)?.roleProfile ?? '';
  const said = { sub: id, reason_for_request: reason };
  const api = apis('').find(({ audience }) => audience === resource);
  if (api?.profile === 'spine-core')
    return { ...said, requesting_user: `${namingSystems.sdsRoleProfile}|${role}` };
  const { family, given, prefix } = person;
  const practitioner = practitionerResource({
    id,
    sdsUser: person.identifier?.value ?? '',
    sdsRoleProfile: role,
    local: [{ system: 'https://fernhill.example.test/Id/user', value: id }],
    name: { family, given: [given], ...(prefix && { prefix: [prefix] }) },
  });
  return { ...said, requesting_practitioner: practitioner };
}
