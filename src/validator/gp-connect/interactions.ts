import { isRead, pathOf } from '../headers.ts';
import type { ResourceRequest } from '../types.ts';

/** One GP Connect interaction: what it is, and what its token must say. */
export interface Interaction {
  readonly id: string;
  readonly method: string;
  /** The path below the service root; `{id}` is a FHIR id. */
  readonly path: string;
  /** The paths that are so written. */
  readonly pattern: RegExp;
  /** The one access value that fits. */
  readonly scope: string;
  /**
   * Whether the confidentiality scopes are for it: `required` for the migration of a record, `optional` where the table
   * has them. Elsewhere `conf/N` says nothing new, as it is the meaning of none, and `conf/R` is refused.
   */
  readonly conf?: 'optional' | 'required';
  /** Record transfer between practices: `reason_for_request` is `migration`, and of the patient's registered practice. */
  readonly migration?: true;
  /** Whether `requesting_practitioner` may be left out: its content is only a SHOULD there, and the tests leave it out. */
  readonly unattended?: true;
}

const prefix = 'urn:nhs:names:services:gpconnect:';

type Extra = Pick<Interaction, 'conf' | 'migration' | 'unattended'>;

const patternOf = (path: string) =>
  new RegExp(`^${path.replaceAll(/[$.]/g, '\\$&').replaceAll('{id}', '[A-Za-z0-9.-]{1,64}')}$`);

function interaction(id: string, call: string, scope: string, extra: Extra = {}): Interaction {
  const [method = '', path = ''] = call.split(' ');
  return { id: `${prefix}${id}`, method, path, pattern: patternOf(path), scope, ...extra };
}

const read = 'patient/*.read';
const write = 'patient/*.write';
const organization = 'organization/*.read';
const confOptional = { conf: 'optional' } as const;

/**
 * The interactions of GP Connect 1.x (interaction ids page, 1.6; health care services from 1.2.8) with the scopes of the
 * provenance page's table. That table has no row for health care services: they are read like the other directory
 * resources. The row of the documents gives no reason: a document is migrated for the reason that the interaction names.
 */
export const interactions: readonly Interaction[] = [
  interaction('fhir:rest:read:metadata-1', 'GET /metadata', organization),
  interaction('fhir:rest:read:patient-1', 'GET /Patient/{id}', read),
  interaction('fhir:rest:search:patient-1', 'GET /Patient', read),
  interaction('fhir:rest:read:practitioner-1', 'GET /Practitioner/{id}', organization),
  interaction('fhir:rest:search:practitioner-1', 'GET /Practitioner', organization),
  interaction('fhir:rest:read:organization-1', 'GET /Organization/{id}', organization),
  interaction('fhir:rest:search:organization-1', 'GET /Organization', organization),
  interaction('fhir:rest:read:location-1', 'GET /Location/{id}', organization),
  interaction('fhir:rest:read:healthcareservice-1', 'GET /HealthcareService/{id}', organization),
  interaction('fhir:rest:search:healthcareservice-1', 'GET /HealthcareService', organization),
  interaction('fhir:operation:gpc.registerpatient-1', 'POST /Patient/$gpc.registerpatient', write),
  interaction('fhir:rest:search:slot-1', 'GET /Slot', organization),
  interaction('fhir:rest:create:appointment-1', 'POST /Appointment', write),
  interaction('fhir:rest:read:appointment-1', 'GET /Appointment/{id}', read),
  interaction('fhir:rest:update:appointment-1', 'PUT /Appointment/{id}', write),
  interaction('fhir:rest:cancel:appointment-1', 'PUT /Appointment/{id}', write),
  interaction('fhir:rest:search:patient_appointments-1', 'GET /Patient/{id}/Appointment', read),
  interaction(
    'fhir:operation:gpc.getstructuredrecord-1',
    'POST /Patient/$gpc.getstructuredrecord',
    read,
    confOptional,
  ),
  interaction(
    'fhir:operation:gpc.migratestructuredrecord-1',
    'POST /Patient/$gpc.migratestructuredrecord',
    read,
    { conf: 'required', migration: true, unattended: true },
  ),
  interaction('structured:fhir:rest:read:metadata-1', 'GET /metadata', organization),
  interaction('documents:fhir:rest:read:metadata-1', 'GET /metadata', organization),
  interaction('documents:fhir:rest:search:patient-1', 'GET /Patient', read),
  interaction(
    'documents:fhir:rest:search:documentreference-1',
    'GET /Patient/{id}/DocumentReference',
    read,
    confOptional,
  ),
  interaction('documents:fhir:rest:read:binary-1', 'GET /Binary/{id}', read, confOptional),
  interaction('documents:fhir:rest:migrate:binary-1', 'GET /Binary/{id}', read, {
    conf: 'optional',
    migration: true,
  }),
];

/** The interactions of GP Connect 0.x (interaction ids page, 0.5.3). */
export const interactions0: readonly Interaction[] = [
  interaction('fhir:rest:read:metadata', 'GET /metadata', organization),
  interaction('fhir:operation:gpc.getcarerecord', 'POST /Patient/$gpc.getcarerecord', read),
];

/** Whether method and path of a request are those of an interaction. */
export function fits({ method, pattern }: Interaction, request: ResourceRequest): boolean {
  const isMethod = method === 'GET' ? isRead(request) : request.method === method;
  return isMethod && pattern.test(pathOf(request) ?? '');
}

/** The endpoint view (GP Connect API security guidance): the family whose scopes an endpoint takes. */
export const endpoints: ReadonlyMap<string, 'patient' | 'organization'> = new Map([
  ['Patient', 'patient'],
  ['Appointment', 'patient'],
  ['DocumentReference', 'patient'],
  ['Binary', 'patient'],
  ['Organization', 'organization'],
  ['Practitioner', 'organization'],
  ['Location', 'organization'],
  ['Slot', 'organization'],
  ['Task', 'organization'],
]);
