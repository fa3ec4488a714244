import { plusDays } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { at, concept, hl7, loinc, priya, rangi } from './parts.ts';

const aroha = { reference: 'Patient/p-aroha' };

const quantity = (value: number, unit: string, code = unit) => ({
  value,
  unit,
  system: 'http://unitsofmeasure.org',
  code,
});

/** A result from the laboratory and a measurement at home, so that a scope can be narrowed to one of them. */
function results(today: string): readonly Resource[] {
  return [
    {
      resourceType: 'Observation',
      id: 'ob-aroha-1',
      status: 'final',
      category: [concept('Laboratory', hl7('observation-category', 'laboratory'))],
      code: concept('Haemoglobin', loinc('718-7', 'Hemoglobin [Mass/volume] in Blood')),
      subject: aroha,
      effectiveDateTime: at(plusDays(today, -36), '09:18'),
      issued: at(plusDays(today, -34), '16:45'),
      performer: [{ display: 'Fernhill Hospital laboratory' }],
      valueQuantity: quantity(121, 'g/L'),
      interpretation: [concept('Normal', hl7('v3-ObservationInterpretation', 'N'))],
      referenceRange: [{ low: quantity(115, 'g/L'), high: quantity(165, 'g/L') }],
    },
    {
      resourceType: 'Observation',
      id: 'ob-aroha-2',
      meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] },
      status: 'final',
      category: [concept('Vital signs', hl7('observation-category', 'vital-signs'))],
      code: concept(
        'Blood pressure (measured at home)',
        loinc('85354-9', 'Blood pressure panel with all children optional'),
      ),
      subject: aroha,
      effectiveDateTime: at(plusDays(today, -3), '07:30'),
      performer: [aroha],
      component: [
        {
          code: concept('Systolic blood pressure', loinc('8480-6', 'Systolic blood pressure')),
          valueQuantity: quantity(118, 'mmHg', 'mm[Hg]'),
        },
        {
          code: concept('Diastolic blood pressure', loinc('8462-4', 'Diastolic blood pressure')),
          valueQuantity: quantity(76, 'mmHg', 'mm[Hg]'),
        },
      ],
    },
  ];
}

const agent = (code: string, text: string, who: object) => ({
  type: concept(text, hl7('provenance-participant-type', code)),
  who,
});

/** Where the laboratory result and Aroha's own details come from. */
function provenance(today: string): readonly Resource[] {
  return [
    {
      resourceType: 'Provenance',
      id: 'pv-aroha-1',
      target: [{ reference: 'Observation/ob-aroha-1' }],
      recorded: at(plusDays(today, -34), '16:45'),
      agent: [
        agent('performer', 'Performer', { display: 'Fernhill Hospital laboratory' }),
        agent('verifier', 'Verifier', priya),
      ],
    },
    {
      resourceType: 'Provenance',
      id: 'pv-aroha-2',
      target: [aroha],
      recorded: at(plusDays(today, -3120), '14:02'),
      agent: [agent('enterer', 'Enterer', rangi)],
    },
  ];
}

/** Aroha's observations, and the Provenance in her record. */
export function observations(today: string): readonly Resource[] {
  return [...results(today), ...provenance(today)];
}
