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

const reference = element({ reference: text, display: text });
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
  family: texts,
  given: texts,
  prefix: texts,
  suffix: texts,
  period,
});
const annotation = element({ authorReference: reference, authorString: text, time: text, text });
const contactPerson = {
  name: humanName,
  telecom: many(contactPoint),
  address,
};

/**
 * The resources of GP Connect 0.x with all elements of base FHIR DSTU2 (1.0.2), and the one that is most easily sent for
 * one of them.
 */
export const dstu2: Readonly<Record<string, z.ZodType>> = {
  Device: resource('Device', {
    identifier: many(identifier),
    type: codeableConcept,
    note: many(annotation),
    status: text,
    manufacturer: text,
    model: text,
    version: text,
    manufactureDate: text,
    expiry: text,
    udi: text,
    lotNumber: text,
    owner: reference,
    location: reference,
    patient: reference,
    contact: many(contactPoint),
    url: text,
  }),
  Organization: resource('Organization', {
    identifier: many(identifier),
    active: z.boolean(),
    type: codeableConcept,
    name: text,
    telecom: many(contactPoint),
    address: many(address),
    partOf: reference,
    contact: many(backbone({ purpose: codeableConcept, ...contactPerson })),
  }),
  Practitioner: resource('Practitioner', {
    identifier: many(identifier),
    active: z.boolean(),
    name: humanName,
    telecom: many(contactPoint),
    address: many(address),
    gender: text,
    birthDate: text,
    photo: many(attachment),
    practitionerRole: many(
      backbone({
        managingOrganization: reference,
        role: codeableConcept,
        specialty: many(codeableConcept),
        period,
        location: many(reference),
        healthcareService: many(reference),
      }),
    ),
    qualification: many(
      backbone({ identifier: many(identifier), code: codeableConcept, period, issuer: reference }),
    ),
    communication: many(codeableConcept),
  }),
  Patient: resource('Patient', {
    identifier: many(identifier),
    active: z.boolean(),
    name: many(humanName),
    telecom: many(contactPoint),
    gender: text,
    birthDate: text,
    deceasedBoolean: z.boolean(),
    deceasedDateTime: text,
    address: many(address),
    maritalStatus: codeableConcept,
    multipleBirthBoolean: z.boolean(),
    multipleBirthInteger: z.number(),
    photo: many(attachment),
    contact: many(
      backbone({
        relationship: many(codeableConcept),
        ...contactPerson,
        gender: text,
        organization: reference,
        period,
      }),
    ),
    animal: backbone({ species: codeableConcept, breed: codeableConcept, genderStatus: codeableConcept }),
    communication: many(backbone({ language: codeableConcept, preferred: z.boolean() })),
    careProvider: many(reference),
    managingOrganization: reference,
    link: many(backbone({ other: reference, type: text })),
  }),
  Location: resource('Location', {
    identifier: many(identifier),
    status: text,
    name: text,
    description: text,
    mode: text,
    type: codeableConcept,
    telecom: many(contactPoint),
    address,
    physicalType: codeableConcept,
    position: backbone({ longitude: z.number(), latitude: z.number(), altitude: z.number() }),
    managingOrganization: reference,
    partOf: reference,
  }),
};
