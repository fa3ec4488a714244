import { plusDays } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { at, concept, hl7, priya, snomed } from './parts.ts';

const mere = { reference: 'Patient/p-mere' };

/** Mere's blood pressure, what she takes for it, and what she must not take. */
export function medicines(today: string): readonly Resource[] {
  return [
    {
      resourceType: 'Condition',
      id: 'co-mere-1',
      clinicalStatus: concept('Active', hl7('condition-clinical', 'active')),
      verificationStatus: concept('Confirmed', hl7('condition-ver-status', 'confirmed')),
      category: [concept('Problem list', hl7('condition-category', 'problem-list-item'))],
      code: concept('High blood pressure', snomed('38341003', 'Hypertensive disorder, systemic arterial')),
      subject: mere,
      recordedDate: plusDays(today, -2190),
      recorder: priya,
    },
    {
      resourceType: 'MedicationRequest',
      id: 'mr-mere-1',
      status: 'active',
      intent: 'order',
      category: [concept('Community', hl7('medicationrequest-category', 'community'))],
      medicationCodeableConcept: concept(
        'Amlodipine 5 mg tablets',
        snomed('319283006', 'Amlodipine 5mg tablets'),
      ),
      subject: mere,
      authoredOn: at(plusDays(today, -52), '11:05'),
      requester: priya,
      reasonReference: [{ reference: 'Condition/co-mere-1' }],
      dosageInstruction: [
        { text: 'One tablet each morning', patientInstruction: 'Take with a little water' },
      ],
    },
    {
      resourceType: 'AllergyIntolerance',
      id: 'al-mere-1',
      clinicalStatus: concept('Active', hl7('allergyintolerance-clinical', 'active')),
      verificationStatus: concept('Confirmed', hl7('allergyintolerance-verification', 'confirmed')),
      type: 'allergy',
      category: ['medication'],
      criticality: 'high',
      code: concept('Allergy to penicillin', snomed('91936005', 'Allergy to penicillin')),
      patient: mere,
      recordedDate: plusDays(today, -8030),
      recorder: priya,
      reaction: [{ manifestation: [concept('Rash', snomed('271807003', 'Eruption of skin'))] }],
    },
  ];
}
