import { parseScope, splitScope } from '../scopes/index.ts';
import { isNhsNumber } from './check-digits.ts';
import { type Envelope, envelopeFault, lifetime } from './envelope.ts';
import {
  type Identifier,
  identifierString,
  isAsid,
  isOdsCode,
  isUserIdentifier,
  namingSystems,
} from './identifiers.ts';
import { bearsNameOf } from './practitioner.ts';

export { lifetime };

/** The values of `reason_for_request` (Spine Core JWT page). */
export const reasons = ['directcare', 'secondaryuses', 'patientaccess'] as const;

export type Reason = (typeof reasons)[number];

/** What is known of the request when its token is made. */
export type SpineCoreContext = Envelope & {
  asid: string;
  odsCode: string;
  reason: Reason;
  /** The granted scopes of the Spine family, parted by single spaces. */
  scope: string;
  user?: Identifier;
  /** An NHS number. */
  patient?: string;
};

export type SpineCoreClaims = {
  iss: string;
  sub: string;
  aud: string;
  exp: number;
  iat: number;
  reason_for_request: Reason;
  scope: string;
  requesting_system: string;
  requesting_organization: string;
  requesting_user?: string;
  requesting_patient?: string;
  requested_scope: string;
  client_id: string;
  jti: string;
};

/**
 * Makes the claims of a Spine Core access token (Spine Core JWT page, claim table). Beyond that table it has
 * `requested_scope`, the name which an older draft gave to `scope`, and RFC 9068's `client_id` and `jti`.
 *
 * `sub` is the user; without one, the patient; without either, the system. The members come in a fixed order and
 * none is undefined. `docs/schemas/spine-core.schema.json` admits every result.
 *
 * @throws TypeError if the context would leave a hole or a malformed identifier in the token. That is the caller's
 *   fault: `provenanceFault`, `reasonFault`, the scope grammar and `isUserIdentifier` find these things before.
 */
export function spineCoreClaims(context: SpineCoreContext): SpineCoreClaims {
  const fault = contextFault(context);
  if (fault) throw new TypeError(`no Spine Core token can be made: ${fault}`);
  const { user, patient } = context;
  const system = identifierString(namingSystems.accreditedSystem, context.asid);
  const requestingUser = user && identifierString(user.system, user.value);
  const requestingPatient = patient && identifierString(namingSystems.spineNhsNumber, patient);
  return {
    iss: context.issuer,
    sub: requestingUser ?? requestingPatient ?? system,
    aud: context.audience,
    exp: context.issuedAt + lifetime,
    iat: context.issuedAt,
    reason_for_request: context.reason,
    scope: context.scope,
    requesting_system: system,
    requesting_organization: identifierString(namingSystems.odsOrganization, context.odsCode),
    ...(requestingUser && { requesting_user: requestingUser }),
    ...(requestingPatient && { requesting_patient: requestingPatient }),
    requested_scope: context.scope,
    client_id: context.clientId,
    jti: context.jti,
  };
}

/** Names the first thing in a context that would make a token with a hole in it. */
function contextFault(context: SpineCoreContext): string | undefined {
  const { user, patient, reason, asid, odsCode, clientId } = context;
  const fault = envelopeFault(context);
  if (fault !== undefined) return fault;
  if (!splitScope(context.scope)?.every((text) => parseScope('spine', text))) return 'scope';
  if (user && (!isUserIdentifier(user) || bearsNameOf([asid, odsCode, clientId], [user.value])))
    return 'user';
  if (patient !== undefined && !isNhsNumber(patient)) return 'patient';
  const hasPatient = patient !== undefined && user === undefined;
  return provenanceFault(context) ?? reasonFault({ reason, allowedReasons: reasons, hasPatient });
}

/**
 * Says what is missing before a client can have a token that names its system and organisation: both are checked
 * by receivers against each other and against the caller (Spine Core JWT page, validation table).
 *
 * @returns an English sentence for an OAuth error_description; undefined if nothing is missing
 */
export function provenanceFault(client: {
  asid: string | undefined;
  odsCode: string | undefined;
}): string | undefined {
  const faults: string[] = [];
  if (!client.asid) faults.push('the client has no accredited system identifier (ASID)');
  else if (!isAsid(client.asid)) faults.push('the ASID of the client is malformed');
  if (!client.odsCode) faults.push('the organisation of the client has no ODS code');
  else if (!isOdsCode(client.odsCode)) faults.push('the ODS code of the organisation is malformed');
  return faults.length > 0 ? faults.join('; ') : undefined;
}

/**
 * Says why a request may not state a reason.
 *
 * @param request.reason the value as received
 * @param request.allowedReasons the values which the API and the client allow
 * @param request.hasPatient whether the patient will be the subject, that is, asks for herself or himself;
 *   `patientaccess` is for that alone (citizen flow of the NRL JWT guidance)
 * @returns an English sentence for an OAuth error_description, without the received text; undefined if it may
 */
export function reasonFault(request: {
  reason: string;
  allowedReasons: readonly string[];
  hasPatient: boolean;
}): string | undefined {
  if (!isReason(request.reason)) return `reason_for_request must be one of ${reasons.join(', ')}`;
  if (!request.allowedReasons.includes(request.reason)) return 'this reason_for_request is not allowed here';
  if (request.reason === 'patientaccess' && !request.hasPatient) {
    return 'reason_for_request patientaccess is only for a patient who asks in person';
  }
  return undefined;
}

/** Tells whether a text is one of the profile's reasons, in the profile's spelling. */
export function isReason(text: string): text is Reason {
  return reasons.some((reason) => reason === text);
}
