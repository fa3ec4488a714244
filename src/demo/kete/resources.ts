import { z } from 'zod';

/** The parts of FHIR R4 resources that Kete Health shows. Everything is optional there, so it is here. */

const text = z.string().optional();
const concept = z.object({
  text,
  coding: z.array(z.object({ code: text, display: text })).default([]),
});
const quantity = z.object({ value: z.number().optional(), unit: text });

export type Concept = z.output<typeof concept>;

export const patient = z.object({
  resourceType: z.literal('Patient'),
  name: z
    .array(
      z.object({
        use: text,
        text,
        prefix: z.array(z.string()).default([]),
        given: z.array(z.string()).default([]),
        family: text,
      }),
    )
    .default([]),
  birthDate: text,
});

export const immunization = z.object({
  resourceType: z.literal('Immunization'),
  status: text,
  vaccineCode: concept.optional(),
  occurrenceDateTime: text,
  occurrenceString: text,
});

export const appointment = z.object({
  resourceType: z.literal('Appointment'),
  status: text,
  description: text,
  serviceType: z.array(concept).default([]),
  start: text,
  participant: z
    .array(z.object({ actor: z.object({ reference: text, display: text }).optional() }))
    .default([]),
});

export const medicationRequest = z.object({
  resourceType: z.literal('MedicationRequest'),
  status: text,
  medicationCodeableConcept: concept.optional(),
  medicationReference: z.object({ display: text }).optional(),
  authoredOn: text,
  dosageInstruction: z.array(z.object({ text })).default([]),
});

export const allergyIntolerance = z.object({
  resourceType: z.literal('AllergyIntolerance'),
  verificationStatus: concept.optional(),
  code: concept.optional(),
  reaction: z.array(z.object({ manifestation: z.array(concept).default([]) })).default([]),
});

export const observation = z.object({
  resourceType: z.literal('Observation'),
  status: text,
  code: concept.optional(),
  effectiveDateTime: text,
  valueQuantity: quantity.optional(),
  valueCodeableConcept: concept.optional(),
  valueString: text,
  component: z
    .array(
      z.object({
        code: concept.optional(),
        valueQuantity: quantity.optional(),
        valueCodeableConcept: concept.optional(),
        valueString: text,
      }),
    )
    .default([]),
});

export type Value = Pick<
  z.output<typeof observation>,
  'valueQuantity' | 'valueCodeableConcept' | 'valueString'
>;

/** The answer to a search. Entries keep all their members until they are read as what was searched for. */
export const searchset = z.object({
  resourceType: z.literal('Bundle'),
  link: z.array(z.object({ relation: z.string() })).default([]),
  entry: z.array(z.object({ resource: z.looseObject({ resourceType: z.string() }) })).default([]),
});
