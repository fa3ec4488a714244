/** A blood pressure in millimetres of mercury. */
export interface BloodPressure {
  readonly systolic: number;
  readonly diastolic: number;
}

/** What was typed into the form. */
export interface Typed {
  readonly systolic: string;
  readonly diastolic: string;
}

/** What was typed into the fields of a form; no number is longer than what is kept of it. */
export function typedIn(form: URLSearchParams): Typed {
  const field = (name: string) => (form.get(name) ?? '').trim().slice(0, 10);
  return { systolic: field('systolic'), diastolic: field('diastolic') };
}

/** What is wrong with a field; `order`: the lower number is not lower than the upper one. */
export type FieldProblem = 'none' | 'missing' | 'number' | 'range' | 'order';

/** What is wrong with each field. */
export type ReadingProblems = { readonly [field in keyof Typed]: FieldProblem };

/** Numbers that a cuff for the home can show. */
const ranges = { systolic: [50, 300], diastolic: [20, 200] } as const;

function problemWith(text: string, [least, most]: readonly [number, number]): FieldProblem {
  if (text === '') return 'missing';
  if (!/^\d{1,3}$/.test(text)) return 'number';
  return Number(text) < least || Number(text) > most ? 'range' : 'none';
}

/** Reads what was typed: the blood pressure, or what is wrong with each field. */
export function readBloodPressure(typed: Typed): BloodPressure | { readonly problems: ReadingProblems } {
  const problems = {
    systolic: problemWith(typed.systolic, ranges.systolic),
    diastolic: problemWith(typed.diastolic, ranges.diastolic),
  };
  if (problems.systolic !== 'none' || problems.diastolic !== 'none') return { problems };
  const reading = { systolic: Number(typed.systolic), diastolic: Number(typed.diastolic) };
  if (reading.diastolic >= reading.systolic) return { problems: { ...problems, diastolic: 'order' } };
  return reading;
}

const loinc = (code: string, display: string) => ({
  coding: [{ system: 'http://loinc.org', code, display }],
});

const pressure = (value: number) => ({
  value,
  unit: 'mmHg',
  system: 'http://unitsofmeasure.org',
  code: 'mm[Hg]',
});

/**
 * A blood pressure that was measured at home, as FHIR R4 has it (profile Blood Pressure, http://hl7.org/fhir/StructureDefinition/bp).
 *
 * @param patient logical id of the Patient, who measured it herself
 * @param now milliseconds since 1970
 */
export function bloodPressureResource({ systolic, diastolic }: BloodPressure, patient: string, now: number) {
  const self = { reference: `Patient/${patient}` };
  const category = {
    system: 'http://terminology.hl7.org/CodeSystem/observation-category',
    code: 'vital-signs',
  };
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [category], text: 'Vital signs' }],
    code: {
      ...loinc('85354-9', 'Blood pressure panel with all children optional'),
      text: 'Blood pressure (measured at home)',
    },
    subject: self,
    performer: [self],
    effectiveDateTime: new Date(now).toISOString(),
    component: [
      {
        code: { ...loinc('8480-6', 'Systolic blood pressure'), text: 'Systolic blood pressure' },
        valueQuantity: pressure(systolic),
      },
      {
        code: { ...loinc('8462-4', 'Diastolic blood pressure'), text: 'Diastolic blood pressure' },
        valueQuantity: pressure(diastolic),
      },
    ],
  };
}
