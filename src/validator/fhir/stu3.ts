import { z } from 'zod';
import {
  address,
  attachment,
  backbone,
  codeableConcept,
  contactPoint,
  element,
  many,
  period,
  resource,
  text,
  texts,
} from './elements.ts';

// Identifier and Reference hold each other.
const reference: z.ZodType = z.lazy(() => element({ reference: text, identifier, display: text }));
const identifier = element({
  use: text,
  type: codeableConcept,
  system: text,
  value: text,
  period,
  assigner: reference,
});

const humanName = element({
  use: text,
  text,
  family: text,
  given: texts,
  prefix: texts,
  suffix: texts,
  period,
});
const annotation = element({ authorReference: reference, authorString: text, time: text, text });

/** The three resources of GP Connect 1.x with all elements of base FHIR STU3 (3.0.2). No GP Connect profile is asked for. */
export const stu3: Readonly<Record<string, z.ZodType>> = {
  Device: resource('Device', {
    identifier: many(identifier),
    udi: backbone({
      deviceIdentifier: text,
      name: text,
      jurisdiction: text,
      carrierHRF: text,
      carrierAIDC: text,
      issuer: text,
      entryType: text,
    }),
    status: text,
    type: codeableConcept,
    lotNumber: text,
    manufacturer: text,
    manufactureDate: text,
    expirationDate: text,
    model: text,
    version: text,
    patient: reference,
    owner: reference,
    contact: many(contactPoint),
    location: reference,
    url: text,
    note: many(annotation),
    safety: many(codeableConcept),
  }),
  Organization: resource('Organization', {
    identifier: many(identifier),
    active: z.boolean(),
    type: many(codeableConcept),
    name: text,
    alias: texts,
    telecom: many(contactPoint),
    address: many(address),
    partOf: reference,
    contact: many(
      backbone({ purpose: codeableConcept, name: humanName, telecom: many(contactPoint), address }),
    ),
    endpoint: many(reference),
  }),
  Practitioner: resource('Practitioner', {
    identifier: many(identifier),
    active: z.boolean(),
    name: many(humanName),
    telecom: many(contactPoint),
    address: many(address),
    gender: text,
    birthDate: text,
    photo: many(attachment),
    qualification: many(
      backbone({ identifier: many(identifier), code: codeableConcept, period, issuer: reference }),
    ),
    communication: many(codeableConcept),
  }),
};
