import type { ResourceType } from './resource.ts';

/** A search parameter (FHIR R4, 3.1.1 Search) and the path of the element that it compares. */
export interface SearchParameter {
  readonly name: string;
  readonly type: 'token' | 'reference' | 'date';
  readonly path: string;
  /** The only type that its references may name. */
  readonly target?: 'Patient';
}

const token = (name: string, path = name): SearchParameter => ({ name, type: 'token', path });
const date = (name: string, path: string): SearchParameter => ({ name, type: 'date', path });
const reference = (name: string, path = name): SearchParameter => ({ name, type: 'reference', path });
const patient = (path: string): SearchParameter => ({
  name: 'patient',
  type: 'reference',
  path,
  target: 'Patient',
});

const id = token('_id', 'id');

/** Names as R4 has them: Immunization has no `code`, MedicationRequest no date of its own but `authoredon`. */
const parameters: Readonly<Record<ResourceType, readonly SearchParameter[]>> = {
  Patient: [id, token('identifier')],
  RelatedPerson: [id, patient('patient')],
  Practitioner: [id, token('identifier')],
  Immunization: [
    id,
    patient('patient'),
    token('status'),
    token('vaccine-code', 'vaccineCode'),
    date('date', 'occurrenceDateTime'),
  ],
  Appointment: [id, patient('participant.actor'), token('status'), date('date', 'start')],
  MedicationRequest: [
    id,
    patient('subject'),
    reference('subject'),
    token('status'),
    token('category'),
    token('code', 'medicationCodeableConcept'),
    date('authoredon', 'authoredOn'),
  ],
  AllergyIntolerance: [
    id,
    patient('patient'),
    token('category'),
    token('code'),
    token('clinical-status', 'clinicalStatus'),
    date('date', 'recordedDate'),
  ],
  Condition: [
    id,
    patient('subject'),
    reference('subject'),
    token('category'),
    token('code'),
    token('clinical-status', 'clinicalStatus'),
    date('recorded-date', 'recordedDate'),
  ],
  Observation: [
    id,
    patient('subject'),
    reference('subject'),
    token('category'),
    token('code'),
    token('status'),
    date('date', 'effectiveDateTime'),
  ],
  Provenance: [id, patient('target'), reference('target'), date('recorded', 'recorded')],
};

/** What resources of a type can be searched by. */
export function searchParameters(type: ResourceType): readonly SearchParameter[] {
  return parameters[type];
}

/** The search parameter of a type by its name; undefined if resources of the type cannot be searched by it. */
export function searchParameter(type: ResourceType, name: string | undefined): SearchParameter | undefined {
  return parameters[type].find((parameter) => parameter.name === name);
}
