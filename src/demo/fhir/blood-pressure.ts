import { z } from 'zod';
import { concept, hl7, loinc } from './data/parts.ts';
import { FhirRefusal } from './outcome.ts';
import { type Resource, relativeReference } from './resource.ts';

/** Minutes that the clock of whoever measures may be ahead. */
const AHEAD = 5;

const coding = z.object({ system: z.string(), code: z.string() });
const coded = z.object({ coding: z.array(coding).max(10) });
const pressure = z.object({
  value: z.number().positive().max(400),
  system: z.literal('http://unitsofmeasure.org'),
  code: z.literal('mm[Hg]'),
});

/**
 * A blood pressure at home (FHIR R4, profile http://hl7.org/fhir/StructureDefinition/bp), with the elements that are kept here.
 * Others that belong to an Observation are taken off, and those that turn its meaning round are refused.
 */
const shape = z.object({
  resourceType: z.literal('Observation'),
  status: z.literal('final'),
  category: z.array(coded).min(1).max(5),
  code: coded,
  subject: z.object({ reference: z.string().max(200) }),
  performer: z
    .array(z.object({ reference: z.string().max(200) }))
    .max(1)
    .optional(),
  effectiveDateTime: z.iso.datetime({ offset: true }),
  component: z.array(z.object({ code: coded, valueQuantity: pressure })).length(2),
  modifierExtension: z.undefined('cannot be understood here').optional(),
  dataAbsentReason: z.undefined('has no place beside values').optional(),
});

type Sent = z.output<typeof shape>;

const has = ({ coding }: z.output<typeof coded>, system: string, code: string) =>
  coding.some((one) => one.system === system && one.code === code);

const isLoinc = (concept: z.output<typeof coded>, code: string) => has(concept, 'http://loinc.org', code);

/** The value of a component by its LOINC code. @throws FhirRefusal 422 unless there is exactly one */
function pressureOf({ component }: Sent, code: string): number {
  const [found, ...more] = component.filter((one) => isLoinc(one.code, code));
  if (found === undefined || more.length > 0)
    throw new FhirRefusal(422, 'invalid', `component must have LOINC ${code} once`);
  return found.valueQuantity.value;
}

const quantity = (value: number) => ({
  value,
  unit: 'mmHg',
  system: 'http://unitsofmeasure.org',
  code: 'mm[Hg]',
});

/** A blood pressure that was sent, before it has an id. */
export interface SentBloodPressure {
  readonly systolic: number;
  readonly diastolic: number;
  /** When it was measured, as it was sent. */
  readonly measuredAt: string;
  /** `Patient/id` of whoever was measured. */
  readonly subject: string;
}

/**
 * Reads a blood pressure that is to be added.
 *
 * @param base of this server, so that absolute references to it are understood
 * @throws FhirRefusal 400 for what is no Observation, 422 for one that is not taken here, naming the element
 */
export function readBloodPressure(body: unknown, options: { base: string; now: Date }): SentBloodPressure {
  const { base, now } = options;
  const type = z.object({ resourceType: z.literal('Observation') }).safeParse(body);
  if (!type.success) throw new FhirRefusal(400, 'invalid', 'the body must be an Observation');
  const read = shape.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new FhirRefusal(422, 'invalid', `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const sent = read.data;
  const vitalSigns = 'http://terminology.hl7.org/CodeSystem/observation-category';
  if (!sent.category.some((one) => has(one, vitalSigns, 'vital-signs')))
    throw new FhirRefusal(422, 'invalid', 'category must have vital-signs');
  if (!isLoinc(sent.code, '85354-9'))
    throw new FhirRefusal(422, 'not-supported', 'code must be that of a blood pressure, LOINC 85354-9');
  const systolic = pressureOf(sent, '8480-6');
  const diastolic = pressureOf(sent, '8462-4');
  if (diastolic >= systolic)
    throw new FhirRefusal(422, 'invalid', 'the diastolic pressure must be less than the systolic');
  if (new Date(sent.effectiveDateTime).getTime() > now.getTime() + AHEAD * 60_000)
    throw new FhirRefusal(422, 'invalid', 'effectiveDateTime must not be in the future');
  const subject = relativeReference(sent.subject.reference, base);
  const performer = sent.performer?.[0];
  if (performer !== undefined && relativeReference(performer.reference, base) !== subject)
    throw new FhirRefusal(422, 'invalid', 'performer can only be the patient herself');
  return { systolic, diastolic, measuredAt: sent.effectiveDateTime, subject };
}

/** The Observation that is kept: the values that were sent, in codes and words of this server. */
export function bloodPressureResource(sent: SentBloodPressure, id: string, now: Date): Resource {
  const self = { reference: sent.subject };
  return {
    resourceType: 'Observation',
    id,
    meta: {
      lastUpdated: now.toISOString(),
      profile: ['http://hl7.org/fhir/StructureDefinition/bp'],
    },
    status: 'final',
    category: [concept('Vital signs', hl7('observation-category', 'vital-signs'))],
    code: concept(
      'Blood pressure (measured at home)',
      loinc('85354-9', 'Blood pressure panel with all children optional'),
    ),
    subject: self,
    performer: [self],
    effectiveDateTime: sent.measuredAt,
    component: [
      {
        code: concept('Systolic blood pressure', loinc('8480-6', 'Systolic blood pressure')),
        valueQuantity: quantity(sent.systolic),
      },
      {
        code: concept('Diastolic blood pressure', loinc('8462-4', 'Diastolic blood pressure')),
        valueQuantity: quantity(sent.diastolic),
      },
    ],
  };
}

/** Where an Observation comes from: the patient wrote it herself, on nobody else's behalf. */
export function provenanceOf(observation: Resource, patient: string, id: string, now: Date): Resource {
  return {
    resourceType: 'Provenance',
    id,
    target: [{ reference: `Observation/${observation.id}` }],
    recorded: now.toISOString(),
    activity: { coding: [hl7('v3-DataOperation', 'CREATE')] },
    agent: [
      {
        type: concept('Author', hl7('provenance-participant-type', 'author')),
        who: { reference: `Patient/${patient}` },
      },
    ],
  };
}
