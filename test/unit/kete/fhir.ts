import type { Reading, Readings } from '../../../src/demo/kete/reader.ts';

/** A search's answer with these resources. */
export const bundle = (...resources: readonly object[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  total: resources.length,
  entry: resources.map((resource) => ({
    fullUrl: 'http://localhost/x',
    resource,
    search: { mode: 'match' },
  })),
});

export const read = (body: unknown): Reading => ({ outcome: 'read', body });
export const refused: Reading = { outcome: 'refused' };
export const failed: Reading = { outcome: 'failed' };
export const ended: Reading = { outcome: 'ended' };

/** The same answer to every question. */
export const everything = (reading: Reading): Readings => ({
  person: reading,
  vaccinations: reading,
  appointments: reading,
  medicines: reading,
  allergies: reading,
  results: reading,
});

export const wiremu = {
  resourceType: 'Patient',
  id: 'p-wiremu',
  name: [{ use: 'official', given: ['Wiremu'], family: 'Pōtae' }],
  birthDate: '1980-09-17',
};

export const tetanus = {
  resourceType: 'Immunization',
  id: 'im-1',
  status: 'completed',
  vaccineCode: { text: 'Tetanus, diphtheria and polio (school leaver booster)' },
  patient: { reference: 'Patient/p-wiremu' },
  occurrenceDateTime: '2019-03-04',
};

export const flu = {
  ...tetanus,
  id: 'im-2',
  status: 'not-done',
  vaccineCode: { coding: [{ system: 'http://snomed.info/sct', code: '6142004', display: 'Influenza' }] },
  occurrenceDateTime: '2024-10',
};

export const checkUp = {
  resourceType: 'Appointment',
  id: 'ap-1',
  status: 'booked',
  description: 'Yearly check-up',
  start: '2026-01-12T09:30:00Z',
  participant: [
    { actor: { reference: 'Patient/p-wiremu', display: 'Wiremu Pōtae' }, status: 'accepted' },
    { actor: { reference: 'Practitioner/pr-priya', display: 'Dr Priya Shah' }, status: 'accepted' },
    { actor: { display: 'Millbrook Surgery' }, status: 'accepted' },
  ],
};

export const ramipril = {
  resourceType: 'MedicationRequest',
  id: 'mr-1',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text: 'Ramipril 5 mg capsules' },
  subject: { reference: 'Patient/p-wiremu' },
  authoredOn: '2025-02-01',
  dosageInstruction: [{ text: 'One in the morning' }],
};

export const penicillin = {
  resourceType: 'AllergyIntolerance',
  id: 'al-1',
  verificationStatus: { coding: [{ code: 'confirmed' }] },
  code: { text: 'Penicillin' },
  patient: { reference: 'Patient/p-wiremu' },
  reaction: [{ manifestation: [{ text: 'Rash' }, { text: 'Swollen lips' }] }],
};

export const bloodPressure = {
  resourceType: 'Observation',
  id: 'ob-1',
  status: 'final',
  code: { text: 'Blood pressure at home' },
  effectiveDateTime: '2025-11-03T07:15:00Z',
  component: [
    { code: { text: 'Systolic' }, valueQuantity: { value: 128, unit: 'mmHg' } },
    { code: { text: 'Diastolic' }, valueQuantity: { value: 82, unit: 'mmHg' } },
  ],
};

export const sugar = {
  resourceType: 'Observation',
  id: 'ob-2',
  status: 'final',
  code: { text: 'HbA1c' },
  effectiveDateTime: '2025-06-20',
  valueQuantity: { value: 41, unit: 'mmol/mol' },
};

/** A record in which everything was allowed. */
export const whole: Readings = {
  person: read(wiremu),
  vaccinations: read(bundle(tetanus, flu)),
  appointments: read(bundle(checkUp)),
  medicines: read(bundle(ramipril)),
  allergies: read(bundle(penicillin)),
  results: read(bundle(sugar, bloodPressure)),
};
