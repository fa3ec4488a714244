import { isObject } from '../../text.ts';
import { isOdsCode } from '../../tokens/index.ts';
import { type Claims, filledText, identifierUnder, isMissing, items, member } from '../json.ts';
import type { Examined, Fault } from '../types.ts';
import { interactionOf } from './headers.ts';
import { invalidResource, type Version, wrongType } from './versions.ts';

const texts = ['iss', 'sub', 'aud', 'reason_for_request', 'requested_scope'];
const times = ['exp', 'iat'];

/** Whether this call may come without a practitioner, or with an incomplete one. */
const isUnattended = (version: Version, { request }: Examined) =>
  interactionOf(request, version.interactions)?.unattended === true;

/** Step 5 of the order of checks: every mandatory claim is present, and nothing that belongs to the other version. */
export function presenceFault(version: Version, examined: Examined): Fault | undefined {
  const { claims } = examined;
  const optional = isUnattended(version, examined) ? ['requesting_practitioner'] : [];
  const mandatory = [...texts, ...times, ...Object.keys(version.resources)];
  const missing = mandatory.find((name) => isMissing(claims[name]) && !optional.includes(name));
  if (missing !== undefined) return `JWT claim ${missing} is missing`;
  const foreign = version.foreign.find((name) => claims[name] !== undefined);
  if (foreign !== undefined) return `JWT claim ${foreign} does not belong to this version`;
  const odd = texts.find((name) => typeof claims[name] !== 'string');
  return odd && `JWT claim ${odd} must be a string`;
}

/** Step 6 of the order of checks: first, all resources are FHIR (422); then, each is of its type (400). */
export function resourcesFault(version: Version, { claims }: Examined): Fault | undefined {
  const given = Object.entries(version.resources).filter(([name]) => !isMissing(claims[name]));
  for (const [name] of given) {
    const fault = isObject(claims[name])
      ? version.parseFault(name, claims[name])
      : invalidResource(name, 'no object');
    if (fault !== undefined) return fault;
  }
  for (const [name, types] of given) {
    if (!types.some((type) => type === member(claims[name], 'resourceType'))) return wrongType(name, types);
  }
  return undefined;
}

const lacks = (claim: string, what: string) => `JWT claim ${claim} lacks ${what}`;

/** The first of these elements that is no text. */
const lacking = (resource: unknown, names: readonly string[]) =>
  names.find((name) => filledText(member(resource, name)) === undefined);

/**
 * Step 8 of the order of checks, in its order: `sub` is the practitioner, the organisation has an ODS code, the
 * practitioner an SDS user id; then whatever else the tables of the three resources demand. `UNK` is an SDS user id, there
 * is no published form that all of them keep to, and the identifiers B and C of a practitioner are often left out.
 */
export function contentFault(version: Version, examined: Examined): Fault | undefined {
  const { claims } = examined;
  const unattended = isUnattended(version, examined);
  return (
    subjectFault(claims, unattended) ??
    odsCodeFault(version, 'requesting_organization', claims.requesting_organization) ??
    (unattended ? undefined : userFault(version, claims.requesting_practitioner)) ??
    elementsFault(version, claims) ??
    deviceFault(claims.requesting_device)
  );
}

/** @param unattended whether the practitioner may be left out, and then be incomplete; the id of another person it may not have */
function subjectFault({ sub, requesting_practitioner: practitioner }: Claims, unattended: boolean) {
  const id = member(practitioner, 'id');
  if (id === undefined) return unattended ? undefined : lacks('requesting_practitioner', 'id');
  return id === sub ? undefined : 'JWT claim sub must be the id of requesting_practitioner';
}

/** What is wrong with the ODS code of an organisation. */
export function odsCodeFault(
  { odsSystem }: Version,
  claim: string,
  organization: unknown,
): Fault | undefined {
  const code = identifierUnder(odsSystem, organization);
  if (code === undefined) return lacks(claim, `an identifier with the system ${odsSystem}`);
  return isOdsCode(code) ? undefined : `JWT claim ${claim} has no ODS code under the system ${odsSystem}`;
}

function userFault(version: Version, practitioner: unknown): Fault | undefined {
  if (identifierUnder(version.sdsUserSystem, practitioner) === undefined)
    return lacks('requesting_practitioner', `an identifier with the system ${version.sdsUserSystem}`);
  // `family` is one text in 1.x and a list in 0.x; the schemas have seen to that.
  return version.names(practitioner).some((name) => member(name, 'family') !== undefined)
    ? undefined
    : lacks('requesting_practitioner', 'a name with family');
}

/** The elements that the version demands of the device and of the organisation. */
function elementsFault({ demanded }: Version, claims: Claims): Fault | undefined {
  for (const [claim, names] of Object.entries(demanded)) {
    const missing = lacking(claims[claim], names);
    if (missing !== undefined) return lacks(claim, missing);
  }
  return undefined;
}

/** The first identifier says who gave it and what it is; the reference provider looks no further either. */
function deviceFault(device: unknown): Fault | undefined {
  const [identifier] = items(member(device, 'identifier'));
  return lacking(identifier, ['system', 'value']) === undefined
    ? undefined
    : lacks('requesting_device', 'an identifier with system and value');
}
