import type { Profile } from './profiles.ts';

type Row = readonly [status: number, issue: string, display: string, severity?: 'fatal'];

/**
 * The Spine error codes with HTTP status, issue type and display: GP Connect error handling page (1.6), then those that
 * only the Spine Core family has (its JWT and error pages). Where a page's example and its table word a display
 * differently, the example is followed. The displays of CONFLICTING_VALUES and NO_RELATIONSHIP are ours.
 */
export const errorCodes = {
  BAD_REQUEST: [400, 'invalid', 'Bad request'],
  CONFLICTING_VALUES: [400, 'invalid', 'Conflicting values'],
  INVALID_IDENTIFIER_SYSTEM: [400, 'value', 'Invalid identifier system'],
  INVALID_IDENTIFIER_VALUE: [400, 'value', 'Invalid identifier value'],
  INVALID_NHS_NUMBER: [400, 'value', 'Invalid NHS number'],
  INVALID_PATIENT_DEMOGRAPHICS: [
    400,
    'business-rule',
    'Invalid patient demographics (that is, PDS trace failed)',
  ],
  NO_PATIENT_CONSENT: [403, 'forbidden', 'Patient has not provided consent to share data'],
  NO_ORGANISATION_CONSENT: [403, 'forbidden', 'Organisation has not provided consent to share data'],
  ACCESS_DENIED: [403, 'forbidden', 'Access denied'],
  NO_RELATIONSHIP: [403, 'forbidden', 'No relationship'],
  ORGANISATION_NOT_FOUND: [404, 'not-found', 'Organisation record not found'],
  PATIENT_NOT_FOUND: [404, 'not-found', 'Patient not found'],
  PRACTITIONER_NOT_FOUND: [404, 'not-found', 'Practitioner record not found'],
  NO_RECORD_FOUND: [404, 'not-found', 'No record found'],
  DUPLICATE_REJECTED: [409, 'duplicate', 'Create would lead to creation of duplicate resource'],
  INVALID_RESOURCE: [422, 'invalid', 'Submitted resource is not valid.'],
  INVALID_PARAMETER: [422, 'invalid', 'Submitted parameter is not valid.'],
  REFERENCE_NOT_FOUND: [422, 'invalid', 'FHIR reference not found'],
  // The table says `processing`; the example beside it prints `exception`.
  INTERNAL_SERVER_ERROR: [500, 'processing', 'Internal server error'],
  NOT_IMPLEMENTED: [501, 'not-supported', 'FHIR resource or operation not implemented at server'],

  // The JWT page says `structure`, the general error page `invalid`: the former is about tokens.
  MISSING_OR_INVALID_HEADER: [400, 'structure', 'There is a required header missing or invalid'],
  REQUEST_UNMATCHED: [400, 'invalid', 'Request does not match authorisation token'],
  ACCESS_DENIED_SSL: [403, 'forbidden', 'SSL Protocol or Cipher requirements not met'],
  ASID_CHECK_FAILED: [
    403,
    'forbidden',
    "The sender or receiver's ASID is not authorised for this interaction",
  ],
  AUTHOR_CREDENTIALS_ERROR: [401, 'forbidden', 'Author credentials error', 'fatal'],
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorCodes;

/** Where the code system is published. */
export type Coding = 'CodeSystem' | 'ValueSet';

/** The body of an error (FHIR OperationOutcome). */
export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly meta: { readonly profile: readonly [string] };
  readonly issue: readonly [
    {
      readonly severity: 'error' | 'fatal';
      readonly code: string;
      readonly details: {
        readonly coding: readonly [
          { readonly system: string; readonly code: string; readonly display?: string },
        ];
      };
      readonly diagnostics: string;
    },
  ];
}

const stu3 = 'https://fhir.nhs.uk/STU3/';

/** The structure and the code system of a profile's errors; those of 0.x are on the error page of 0.5. */
function addresses(profile: Profile, coding: Coding): { structure: string; system: string } {
  if (profile === 'gp-connect-0')
    return {
      structure: 'http://fhir.nhs.net/StructureDefinition/gpconnect-operationoutcome-1',
      system: 'http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1',
    };
  const family = profile === 'gp-connect' ? 'GPConnect' : 'Spine';
  return {
    structure: `${stu3}StructureDefinition/${family}-OperationOutcome-1`,
    system: `${stu3}${coding}/Spine-ErrorOrWarningCode-1`,
  };
}

/** Puts an OperationOutcome with one issue together. @param structure the profile that it claims */
export function outcomeOf(structure: string, issue: OperationOutcome['issue'][0]): OperationOutcome {
  return { resourceType: 'OperationOutcome', meta: { profile: [structure] }, issue: [issue] };
}

/**
 * Makes the answer to a faulty request, also for faults that a resource server finds itself.
 *
 * @param fault.diagnostics for the developer of the calling system
 * @param fault.issue the issue type, where it is not the code's own
 * @returns the HTTP status with the body
 */
export function operationOutcome(fault: {
  profile: Profile;
  code: ErrorCode;
  diagnostics: string;
  issue?: string | undefined;
  coding?: Coding | undefined;
}): { status: number; outcome: OperationOutcome } {
  const row: Row = errorCodes[fault.code];
  const [status, issue, display, severity] = row;
  const { structure, system } = addresses(fault.profile, fault.coding ?? 'CodeSystem');
  return {
    status,
    outcome: outcomeOf(structure, {
      severity: severity ?? 'error',
      code: fault.issue ?? issue,
      details: { coding: [{ system, code: fault.code, display }] },
      diagnostics: fault.diagnostics,
    }),
  };
}
