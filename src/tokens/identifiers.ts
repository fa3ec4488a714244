/** An identifier as FHIR has it: who names (a URI), and the name given. */
export type Identifier = { readonly system: string; readonly value: string };

/**
 * Naming systems, as the Spine Core JWT page and GP Connect's provenance page write them. Receivers compare them
 * letter by letter: the NHS number of a Spine Core token is under `http://fhir.nhs.net`, unlike that of a resource.
 */
export const namingSystems = {
  accreditedSystem: 'https://fhir.nhs.uk/Id/accredited-system',
  odsOrganization: 'https://fhir.nhs.uk/Id/ods-organization-code',
  sdsRoleProfile: 'https://fhir.nhs.uk/Id/sds-role-profile-id',
  spineNhsNumber: 'http://fhir.nhs.net/Id/nhs-number',
} as const;

// Printable ASCII without space and pipe. OpenID Connect Core section 2 holds `sub` to 255 ASCII characters.
const value = '[!-{}-~]+';
const longest = 255;
const absoluteUri = /^[a-z][a-z0-9+.-]*:[!-{}-~]+$/;
const valueForm = new RegExp(`^${value}$`);

// National naming systems other than the role profile do not name a user; `local` keeps them out.
const authority = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?';
const national = '(?!https?://fhir\\.nhs\\.(?:uk|net)[:/|])';
const localUser = new RegExp(
  `^${national}(?:https?://${authority}(?:/[!-{}-~]*)?|urn:[a-z0-9][a-z0-9-]*:[!-{}-~]+)\\|${value}$`,
);
const nationalUser = /^https:\/\/fhir\.nhs\.uk\/Id\/sds-role-profile-id\|[0-9]{1,18}$/;

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

/** Tells whether a text has the shape of an ASID: digits, twelve as a rule and at most eighteen. */
export function isAsid(text: string): boolean {
  return /^[0-9]{1,18}$/.test(text);
}

/** Tells whether a text has the shape of an ODS organisation code: 3 to 8 upper-case letters and digits. */
export function isOdsCode(text: string): boolean {
  return /^[A-Z0-9]{3,8}$/.test(text);
}

/** Tells whether a text has the shape of an NHS number: ten digits. The check digit is not looked at. */
export function isNhsNumber(text: string): boolean {
  return /^[0-9]{10}$/.test(text);
}

/**
 * Tells whether an identifier can stand for a user in `requesting_user`: an SDS role profile (digits), or a local
 * naming system (an http(s) URI with a lower-case host, or a URN) and a local id. Any other national naming system,
 * the accredited system's above all, names no person's role and is refused (Spine Core JWT page, claim table).
 */
export function isUserIdentifier({ system, value }: Identifier): boolean {
  const text = `${system}|${value}`;
  return text.length <= longest && (nationalUser.test(text) || localUser.test(text));
}
