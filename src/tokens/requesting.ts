import { z } from 'zod';
import {
  type Identifier,
  isOdsCode,
  isUserIdentifier,
  namingSystems,
  readIdentifierString,
} from './identifiers.ts';
import { bearsNameOf } from './practitioner.ts';
import { elementText, fhirId, list, membersOnly, orMissing, parse, type Read } from './reading.ts';

const odsCode = z.string(orMissing('must be a text')).refine(isOdsCode, 'must be an ODS code');

const organization = membersOnly({
  resourceType: z.literal('Organization', orMissing('must be Organization')),
  id: fhirId.optional(),
  identifier: list(
    membersOnly({
      system: z.literal(namingSystems.odsOrganization, orMissing(`must be ${namingSystems.odsOrganization}`)),
      value: odsCode,
    }),
  ).max(1, 'must have one element'),
  name: elementText,
});

/**
 * Reads the organisation where a request starts, as GP Connect has it: a minimal FHIR STU3 Organization with one ODS
 * code (provenance page, requesting_organization).
 *
 * @returns the ODS code, not looked up; or a sentence for an error_description
 */
export function readOrganization(input: unknown): Read<{ odsCode: string }> {
  const parsed = parse('requesting_organization', organization, input);
  if ('fault' in parsed) return parsed;
  return { odsCode: parsed.value.identifier.map(({ value }) => value).join() };
}

/**
 * Reads the organisation where a request starts, as Spine Core has it: the string `URI|ODS code` (JWT page, claim table).
 *
 * @returns the ODS code, not looked up; or a sentence for an error_description
 */
export function readOrganizationString(input: unknown): Read<{ odsCode: string }> {
  const organization = readIdentifierString(input);
  return organization?.system === namingSystems.odsOrganization && isOdsCode(organization.value)
    ? { odsCode: organization.value }
    : { fault: `requesting_organization must be ${namingSystems.odsOrganization}|<ODS code>` };
}

/**
 * Reads the user of a Spine Core request: the string `URI|value`, an SDS role profile or a local id (JWT page, claim
 * table). Default and group names are refused, and those of machines.
 *
 * @param machine names that are no person's: ASID, device id and model, client_id, ODS code and name of the organisation
 * @returns the user, and the role profile where it is one; or a sentence for an error_description
 */
export function readUser(
  input: unknown,
  machine: readonly string[],
): Read<{ user: Identifier; sdsRoleProfile: string | undefined }> {
  const user = readIdentifierString(input);
  if (user === undefined || !isUserIdentifier(user)) {
    return {
      fault: `requesting_user must be ${namingSystems.sdsRoleProfile}|<digits> or a local URI|<id of a person>`,
    };
  }
  if (bearsNameOf(machine, [user.value])) {
    return { fault: 'requesting_user must be a person, not the calling system' };
  }
  return { user, sdsRoleProfile: user.system === namingSystems.sdsRoleProfile ? user.value : undefined };
}
