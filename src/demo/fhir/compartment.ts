import { elementsAt, type Resource, type ResourceType, referenceTo } from './resource.ts';

/**
 * Where each type names the patient whose record it is part of (FHIR R4, CompartmentDefinition/patient, as far as this
 * server's resources go). Practitioner is in no patient's compartment; Patient and Provenance have rules of their own.
 */
const paths: Readonly<Partial<Record<ResourceType, string>>> = {
  RelatedPerson: 'patient.reference',
  Immunization: 'patient.reference',
  Appointment: 'participant.actor.reference',
  MedicationRequest: 'subject.reference',
  AllergyIntolerance: 'patient.reference',
  Condition: 'subject.reference',
  Observation: 'subject.reference',
};

/**
 * Tells whether a resource is part of a patient's record. A Provenance is, where one of its targets is.
 *
 * @param patientId id of the Patient, without the type
 * @param records everything the server holds, to find the targets in
 */
export function inCompartment(resource: Resource, patientId: string, records: readonly Resource[]): boolean {
  const { resourceType } = resource;
  if (resourceType === 'Patient') return resource.id === patientId;
  if (resourceType === 'Provenance') {
    const targets = elementsAt(resource, 'target.reference');
    return records.some(
      (record) =>
        record.resourceType !== 'Provenance' &&
        targets.includes(referenceTo(record)) &&
        inCompartment(record, patientId, records),
    );
  }
  const path = paths[resourceType];
  return path !== undefined && elementsAt(resource, path).includes(`Patient/${patientId}`);
}
