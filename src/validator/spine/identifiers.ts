import {
  type Identifier,
  isAsid,
  isNhsNumber,
  isOdsCode,
  isUserIdentifier,
  namingSystems,
  readIdentifierString,
} from '../../tokens/index.ts';
import { header } from '../headers.ts';
import type { Claims } from '../json.ts';
import type { Fault, Step } from '../types.ts';

/** The NHS number's systems in tokens: Spine Core writes http, NRL https. Within one token they are compared literally. */
const nhsNumberSystems: readonly string[] = [
  namingSystems.spineNhsNumber,
  'https://fhir.nhs.net/Id/nhs-number',
];

const longestShown = 120;

/** A claim as the published messages show it, cut where no right value could go on: an answer is not as long as a caller likes. */
export function shown(value: unknown): string {
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return whole.length > longestShown ? `${whole.slice(0, longestShown)}…` : whole;
}

/** The value of an identifier string. */
export const valueIn = (claim: unknown): string => readIdentifierString(claim)?.value ?? '';

/** Whether a claim is an NHS number with a right check digit, in the form `URI|value`. */
export function isPatientClaim(claim: unknown): boolean {
  const patient = readIdentifierString(claim);
  return patient !== undefined && nhsNumberSystems.includes(patient.system) && isNhsNumber(patient.value);
}

/** For APIs that take no local users: the user is a national role profile. */
export function roleProfileFault({ requesting_user: user }: Claims): Fault | undefined {
  return readIdentifierString(user)?.system === namingSystems.sdsRoleProfile
    ? undefined
    : `requesting_user must be of the form [https://fhir.nhs.uk/Id/sds-role-profile-id|[SDSRoleProfileID]]`;
}

const forms: readonly [
  claim: string,
  is: (one: Identifier) => boolean,
  message: (shown: string) => string,
][] = [
  // The two published messages show a slash for the pipe, and the second lacks a bracket and spells the claim otherwise.
  [
    'requesting_system',
    ({ system, value }) => system === namingSystems.accreditedSystem && isAsid(value),
    (value) =>
      `requesting_system (${value}) must be of the form [https://fhir.nhs.uk/Id/accredited-system/[ASID]]`,
  ],
  [
    'requesting_organization',
    ({ system, value }) => system === namingSystems.odsOrganization && isOdsCode(value),
    (value) =>
      `requesting_organisation (${value}) must be of the form [https://fhir.nhs.uk/Id/ods-organization-code/[ODSCode]`,
  ],
  // No message is published for the other two. Theirs do not repeat the value: it may be a patient's NHS number.
  [
    'requesting_user',
    isUserIdentifier,
    () =>
      `requesting_user must be of the form [https://fhir.nhs.uk/Id/sds-role-profile-id|[SDSRoleProfileID]] or [local URI|local id of a person]`,
  ],
  [
    'requesting_patient',
    (patient) => isPatientClaim(`${patient.system}|${patient.value}`),
    () => `requesting_patient must be of the form [http://fhir.nhs.net/Id/nhs-number|[NHSNumber]]`,
  ],
];

/** The place of step 6 in this family: each identifier is a string of its form, `URI|value`, no object and no array. */
export const formStep: Step = {
  name: 'identifiers',
  fault({ claims }) {
    for (const [claim, is, message] of forms) {
      const identifier = readIdentifierString(claims[claim]);
      if (claims[claim] !== undefined && (identifier === undefined || !is(identifier)))
        return message(shown(claims[claim]));
    }
    return undefined;
  },
};

/** Who the token is about: the user; without one, the patient; without either, the system. */
export function subjectClaim({ requesting_user: user, requesting_patient: patient }: Claims): string {
  if (user !== undefined) return 'requesting_user';
  return patient === undefined ? 'requesting_system' : 'requesting_patient';
}

/**
 * Step 8: `sub` is the same as the claim of whoever asks. The message for a patient is made like the two published ones,
 * but for the values, which would be NHS numbers.
 */
export const subjectStep: Step = {
  name: 'subject',
  fault({ claims }) {
    const claim = subjectClaim(claims);
    if (claims[claim] === claims.sub) return undefined;
    return claim === 'requesting_patient'
      ? "requesting_patient and sub claim's values must match"
      : `${claim} (${shown(claims[claim])}) and sub (${shown(claims.sub)}) claim's values must match`;
  },
};

/**
 * The system is known, is the caller, and belongs to the organisation (JWT page, validation table, in its order).
 *
 * @param sender the one header in which this API has the caller's ASID: another, which only the caller wrote, says nothing
 */
export function provenanceStep(sender: string): Step {
  return {
    name: 'provenance',
    applies: ({ options: { directory, via } }) => directory !== undefined || via === 'proxy',
    fault({ claims, request, options: { directory, via } }) {
      const asid = valueIn(claims.requesting_system);
      if (directory !== undefined && !directory.has(asid))
        return `The ASID defined in the requesting_system (${shown(asid)}) is unknown`;
      if (via === 'proxy' && header(request, sender) !== asid)
        return `The ASID defined in the requesting_system (${shown(asid)}) does not match the FromASID in the request`;
      if (directory === undefined || claims.requesting_organization === undefined) return undefined;
      return associationFault(directory, asid, valueIn(claims.requesting_organization));
    },
  };
}

function associationFault(
  directory: ReadonlyMap<string, readonly string[]>,
  asid: string,
  odsCode: string,
): Fault | undefined {
  if (![...directory.values()].some((codes) => codes.includes(odsCode)))
    return `The ODS code defined in the requesting_organisation(${odsCode}) is unknown`;
  return directory.get(asid)?.includes(odsCode)
    ? undefined
    : `requesting_system ASID (${asid}) is not associated with the requesting_organisation ODS code (${odsCode})`;
}
