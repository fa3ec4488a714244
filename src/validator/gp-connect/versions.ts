import { gpConnect, namingSystems } from '../../tokens/index.ts';
import { dstu2 } from '../fhir/dstu2.ts';
import { stu3 } from '../fhir/stu3.ts';
import { stu3Elements } from '../fhir/stu3-elements.ts';
import { type Claims, filledText, items, member } from '../json.ts';
import type { Fault } from '../types.ts';
import { type Interaction, interactions, interactions0 } from './interactions.ts';

/** What differs between the versions of GP Connect. */
export interface Version {
  readonly interactions: readonly Interaction[];
  /** Claims that are FHIR resources, with the types that each may have. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
  /** Claims of the other version. */
  readonly foreign: readonly string[];
  /** What keeps a claim from being a FHIR resource. */
  parseFault(claim: string, resource: Claims): Fault | undefined;
  readonly reasons: readonly string[];
  /** Whether it has `conf/N` and `conf/R`. */
  readonly confidentiality: boolean;
  /** Elements that these resources must have, beyond their identifiers. */
  readonly demanded: Readonly<Record<string, readonly string[]>>;
  readonly odsSystem: string;
  readonly sdsUserSystem: string;
  /** The names of a practitioner. */
  names(practitioner: unknown): readonly unknown[];
}

const resources = {
  requesting_device: ['Device'],
  requesting_organization: ['Organization'],
  requesting_practitioner: ['Practitioner'],
};

/** A claim that is not FHIR at all: 422. The reference provider has the status, but the code `BAD_REQUEST`. */
export const invalidResource = (claim: string, why: string): Fault => ({
  code: 'INVALID_RESOURCE',
  diagnostics: `JWT claim ${claim} is not a valid FHIR resource: ${why}`,
});

/** A claim that is FHIR, but another resource than it should be: 400 (error handling page). */
export const wrongType = (claim: string, types: readonly string[]): Fault =>
  `JWT claim ${claim} must be a FHIR resource of type ${types.join(' or ')}`;

/** The first thing that base FHIR does not admit in a resource of a type that is known here. */
function shapeFault(schemas: typeof stu3, claim: string, resource: unknown): Fault | undefined {
  const type = String(member(resource, 'resourceType'));
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  const issue = schema?.safeParse(resource).error?.issues[0];
  if (issue === undefined) return undefined;
  const where = issue.path.join('.');
  const unknown = issue.code === 'unrecognized_keys';
  return invalidResource(claim, unknown ? `unknown element in ${where || 'the resource'}` : where);
}

/** 1.x: ten mandatory claims, FHIR STU3, and no patient in the token (provenance page, 1.6). */
export const version1: Version = {
  interactions,
  resources,
  foreign: ['requested_record'],
  parseFault(claim, resource) {
    const elements = stu3Elements.get(filledText(member(resource, 'resourceType')) ?? '');
    if (elements === undefined) return invalidResource(claim, 'unknown resource type');
    // Of the types that a claim should not have, the names of the elements are known, and nothing about what is in them.
    const isKnown = Object.keys(resource).every((name) => elements.has(name.replace(/^_/, '')));
    return isKnown
      ? shapeFault(stu3, claim, resource)
      : invalidResource(claim, 'unknown element in the resource');
  },
  reasons: gpConnect.reasons,
  confidentiality: true,
  demanded: { requesting_device: ['model', 'version'], requesting_organization: ['name'] },
  odsSystem: namingSystems.odsOrganization,
  sdsUserSystem: namingSystems.sdsUser,
  names: (practitioner) => items(member(practitioner, 'name')),
};

/** The naming systems of 0.x. That of the SDS user lacks `/Id` knowingly: providers were assured against it. */
export const systems0 = {
  odsOrganization: 'http://fhir.nhs.net/Id/ods-organization-code',
  sdsUser: 'http://fhir.nhs.net/sds-user-id',
  nhsNumber: 'http://fhir.nhs.net/Id/nhs-number',
} as const;

/**
 * 0.x: the record asked for is in the token, FHIR DSTU2. The page's snippets call the claim `requesting_record`; the
 * claim list and the full example `requested_record`. The tests want 400 for an unknown type, other than those of 1.x, so
 * whatever is of no known type is left to the check of the types.
 */
export const version0: Version = {
  interactions: interactions0,
  resources: { ...resources, requested_record: ['Patient', 'Organization'] },
  foreign: [],
  parseFault(claim, resource) {
    return shapeFault(dstu2, claim, resource);
  },
  reasons: ['directcare'],
  confidentiality: false,
  demanded: {
    requesting_device: ['id', 'model', 'version'],
    requesting_organization: ['id', 'name'],
  },
  odsSystem: systems0.odsOrganization,
  sdsUserSystem: systems0.sdsUser,
  names: (practitioner) => [member(practitioner, 'name')],
};
