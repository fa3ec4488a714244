import { isGenericAccount } from './generic.ts';

/** An identifier as FHIR has it: who names (a URI), and the name given. */
export type Identifier = { readonly system: string; readonly value: string };

/**
 * Naming systems, as the Spine Core JWT page, GP Connect's provenance page and the New Zealand base guide write them.
 * Receivers compare them letter by letter: the NHS number of a Spine Core token is under `http://fhir.nhs.net`, unlike
 * that of a resource.
 */
export const namingSystems = {
  accreditedSystem: 'https://fhir.nhs.uk/Id/accredited-system',
  odsOrganization: 'https://fhir.nhs.uk/Id/ods-organization-code',
  sdsUser: 'https://fhir.nhs.uk/Id/sds-user-id',
  sdsRoleProfile: 'https://fhir.nhs.uk/Id/sds-role-profile-id',
  nhsNumber: 'https://fhir.nhs.uk/Id/nhs-number',
  spineNhsNumber: 'http://fhir.nhs.net/Id/nhs-number',
  nhi: 'https://standards.digital.health.nz/ns/nhi-id',
  hpiPerson: 'https://standards.digital.health.nz/ns/hpi-person-id',
  hpiOrganisation: 'https://standards.digital.health.nz/ns/hpi-organisation-id',
  hpiFacility: 'https://standards.digital.health.nz/ns/hpi-facility-id',
} as const;

/** What stands for an SDS user id or role profile id when no smartcard is in use (GP Connect provenance page). */
export const UNKNOWN = 'UNK';

// Printable ASCII without space and pipe. OpenID Connect Core section 2 holds `sub` to 255 ASCII characters.
const longest = 255;
const absoluteUri = /^[a-z][a-z0-9+.-]*:[!-{}-~]+$/;
const valueForm = /^[!-{}-~]+$/;
const digits = /^[0-9]{1,18}$/;

// The national systems are kept out by host, and by the OIDs under which the same registers are known.
const national =
  '(?!https?://fhir\\.nhs\\.(?:uk|net)(?:[:/]|$)|urn:oid:(?:1\\.2\\.826\\.0\\.1285|2\\.16\\.840\\.1\\.113883\\.2\\.1\\.4)(?:\\.|$))';
const authority = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?';
const localSystem = new RegExp(
  `^${national}(?:https?://${authority}(?:/[!-{}-~]*)?|urn:[a-z0-9][a-z0-9-]*:[!-{}-~]+)$`,
);

/**
 * Writes an identifier as the string `URI|value` of the Spine Core claims (Spine Core JWT page, claim table).
 *
 * @throws TypeError if the system is no absolute URI, if either part holds a pipe, white space or anything but
 *   ASCII (the pipe must stay the only one), or if the string has more than 255 characters
 */
export function identifierString(system: string, value: string): string {
  const text = `${system}|${value}`;
  if (!absoluteUri.test(system) || !valueForm.test(value) || text.length > longest) {
    throw new TypeError('an identifier must be a URI and a value without pipes or white space');
  }
  return text;
}

/** Parts the string `URI|value` at its only pipe; undefined for anything else. */
export function readIdentifierString(claim: unknown): Identifier | undefined {
  const [system, value, ...more] = typeof claim === 'string' ? claim.split('|') : [];
  return system === undefined || value === undefined || more.length > 0 ? undefined : { system, value };
}

/** Tells whether a text has the shape of an ASID: digits, twelve as a rule and at most eighteen. */
export function isAsid(text: string): boolean {
  return digits.test(text);
}

/** Tells whether a text has the shape of an ODS organisation code: 3 to 8 upper-case letters and digits. */
export function isOdsCode(text: string): boolean {
  return /^[A-Z0-9]{3,8}$/.test(text);
}

/** Tells whether a text has the shape of an SDS user id: digits, twelve as a rule and at most eighteen. */
export function isSdsUserId(text: string): boolean {
  return digits.test(text);
}

/** Tells whether a text has the shape of an SDS role profile id: digits. Published ones have 12, 13 or 15. */
export function isSdsRoleProfileId(text: string): boolean {
  return digits.test(text);
}

/**
 * Tells whether a URI can be a naming system that an organisation defines for itself: an http(s) URI with a lower-case
 * host, or a URN, at most 200 characters, and none of the national systems.
 */
export function isLocalSystem(uri: string): boolean {
  return uri.length <= 200 && localSystem.test(uri);
}

/**
 * Tells whether an identifier can stand for a user in `requesting_user`: an SDS role profile (digits), or a local
 * naming system and a local id that is not the name of a group. Any other national naming system, the accredited
 * system's above all, names no person's role and is refused (Spine Core JWT page, claim table).
 */
export function isUserIdentifier({ system, value }: Identifier): boolean {
  if (system === namingSystems.sdsRoleProfile) return isSdsRoleProfileId(value);
  const fits = isLocalSystem(system) && valueForm.test(value) && system.length + value.length < longest;
  return fits && !isGenericAccount(value);
}
