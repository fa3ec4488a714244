import { combinationFault, parseScope, splitScope } from '../scopes/index.ts';
import { type Envelope, envelopeFault, lifetime } from './envelope.ts';
import { type Identifier, isLocalSystem, isOdsCode, namingSystems } from './identifiers.ts';
import {
  type PractitionerResource,
  practitionerResource,
  type RequestingPractitioner,
  readPractitioner,
} from './practitioner.ts';
import { elementText } from './reading.ts';

export { lifetime };

/** The values of `reason_for_request` (GP Connect provenance page; `migration` since 1.6.0). */
export const reasons = ['directcare', 'migration'] as const;

export type Reason = (typeof reasons)[number];

/** The calling system as it was registered. */
export type Device = { readonly identifier: Identifier; readonly model: string; readonly version: string };

/** What is known of the request when its token is made. */
export type GpConnectContext = Envelope & {
  device: Device;
  /** The organisation where the request starts, under its registered name. */
  organization: { readonly name: string; readonly odsCode: string };
  practitioner: RequestingPractitioner;
  reason: Reason;
  /** The granted scopes of the GP Connect family, parted by single spaces, in any order. */
  scope: string;
};

export type GpConnectClaims = {
  iss: string;
  sub: string;
  aud: string;
  exp: number;
  iat: number;
  reason_for_request: Reason;
  requested_scope: string;
  requesting_device: {
    resourceType: 'Device';
    identifier: Identifier[];
    model: string;
    version: string;
  };
  requesting_organization: { resourceType: 'Organization'; identifier: Identifier[]; name: string };
  requesting_practitioner: PractitionerResource;
  client_id: string;
  jti: string;
};

/**
 * Makes the claims of a GP Connect access token, version 1.x (provenance page, claim tables). Beyond those tables it has
 * RFC 9068's `client_id` and `jti`. The only name of the scopes is `requested_scope`; there the access value comes first.
 *
 * `sub` is the practitioner's id. The members come in a fixed order and none is undefined.
 * `docs/schemas/gp-connect.schema.json` admits every result.
 *
 * @throws TypeError if the context would leave a hole or a malformed part in the token. That is the caller's fault:
 *   `provenanceFault`, `reasonFault`, the scope grammar and `readPractitioner` find these things before.
 */
export function gpConnectClaims(context: GpConnectContext): GpConnectClaims {
  const fault = contextFault(context);
  if (fault) throw new TypeError(`no GP Connect token can be made: ${fault}`);
  const { device, organization, practitioner } = context;
  return {
    iss: context.issuer,
    sub: practitioner.id,
    aud: context.audience,
    exp: context.issuedAt + lifetime,
    iat: context.issuedAt,
    reason_for_request: context.reason,
    requested_scope: accessFirst(context.scope),
    requesting_device: {
      resourceType: 'Device',
      identifier: [{ system: device.identifier.system, value: device.identifier.value }],
      model: device.model,
      version: device.version,
    },
    requesting_organization: {
      resourceType: 'Organization',
      identifier: [{ system: namingSystems.odsOrganization, value: organization.odsCode }],
      name: organization.name,
    },
    requesting_practitioner: practitionerResource(practitioner),
    client_id: context.clientId,
    jti: context.jti,
  };
}

/** Names the first thing in a context that would make a token with a hole in it. */
function contextFault(context: GpConnectContext): string | undefined {
  const { device, organization, reason, scope } = context;
  const scopes = splitScope(scope) ?? [];
  const fault = envelopeFault(context);
  if (fault !== undefined) return fault;
  if (scopes.length === 0 || !scopes.every((text) => parseScope('gp-connect', text))) return 'scope';
  return (
    combinationFault('gp-connect', scopes) ??
    provenanceFault({ device, organizationName: organization.name, odsCode: organization.odsCode }) ??
    reasonFault({ reason, allowedReasons: reasons, scopes, isPractice: true }) ??
    practitionerFault(context)
  );
}

/** Reads back what would be written: a practitioner whom we would not take from others is none of ours either. */
function practitionerFault({ practitioner, device, clientId, organization }: GpConnectContext) {
  const machine = [device.identifier.value, device.model, clientId, organization.odsCode, organization.name];
  const read = readPractitioner(practitionerResource(practitioner), machine);
  return 'fault' in read ? read.fault : undefined;
}

/** Puts the access value before the confidentiality value, as in all published examples. */
function accessFirst(scope: string): string {
  const scopes = [...new Set(splitScope(scope))];
  const conf = scopes.filter((text) => text.startsWith('conf/'));
  return [...scopes.filter((text) => !conf.includes(text)), ...conf].join(' ');
}

const isElementText = (text: string) => elementText.safeParse(text).success;

function isWhole({ identifier, model, version }: Device): boolean {
  return isLocalSystem(identifier.system) && [identifier.value, model, version].every(isElementText);
}

/**
 * Says what is missing before a client can have a token that names its device and organisation (provenance page).
 *
 * @returns an English sentence for an OAuth error_description; undefined if nothing is missing
 */
export function provenanceFault(client: {
  device: Device | undefined;
  organizationName: string | undefined;
  odsCode: string | undefined;
}): string | undefined {
  const { device, organizationName, odsCode } = client;
  const faults: string[] = [];
  if (!device) faults.push('the client has no device');
  else if (!isWhole(device)) faults.push('the device of the client is malformed');
  if (!organizationName) faults.push('the client has no organisation with a name');
  else if (!isElementText(organizationName)) faults.push('the name of the organisation is malformed');
  if (!odsCode) faults.push('the organisation of the client has no ODS code');
  else if (!isOdsCode(odsCode)) faults.push('the ODS code of the organisation is malformed');
  return faults.length > 0 ? faults.join('; ') : undefined;
}

/**
 * Says why a request may not state a reason, or not with these scopes.
 *
 * @param request.reason the value as received
 * @param request.allowedReasons the values which the API and the client allow
 * @param request.scopes the requested or granted scopes; those of other families say nothing here
 * @param request.isPractice whether the client's organisation is a GP practice
 * @returns an English sentence for an OAuth error_description, without the received text; undefined if it may
 */
export function reasonFault(request: {
  reason: string;
  allowedReasons: readonly string[];
  scopes: readonly string[];
  isPractice: boolean;
}): string | undefined {
  if (!isReason(request.reason)) return `reason_for_request must be one of ${reasons.join(', ')}`;
  if (!request.allowedReasons.includes(request.reason)) return 'this reason_for_request is not allowed here';
  return migrationFault(request);
}

/**
 * Says how a request breaks the rules of record transfer (GP Connect 1.6): `migration` is for a GP practice and goes with
 * `patient/*.read` and a `conf` scope, and `conf/R` is for it alone. Whether the practice is the patient's, only the
 * provider can know.
 *
 * @returns an English sentence for an OAuth error_description; undefined if nothing is wrong
 */
export function migrationFault(request: {
  reason: string;
  scopes: readonly string[];
  isPractice: boolean;
}): string | undefined {
  const { reason, scopes, isPractice } = request;
  const hasConf = scopes.includes('conf/N') || scopes.includes('conf/R');
  if (reason !== 'migration') {
    return scopes.includes('conf/R') ? 'conf/R is only for reason_for_request migration' : undefined;
  }
  if (!isPractice) return 'reason_for_request migration is only for a GP practice';
  return scopes.includes('patient/*.read') && hasConf
    ? undefined
    : 'reason_for_request migration needs patient/*.read and conf/N or conf/R';
}

/** Tells whether a text is one of the profile's reasons, in the profile's spelling. */
export function isReason(text: string): text is Reason {
  return reasons.some((reason) => reason === text);
}
