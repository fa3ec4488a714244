import type { DemoPerson } from '../../people.ts';

/** A CodeableConcept of FHIR R4 with the words that people read, and a code if there is a sure one. */
export function concept(text: string, coding?: { system: string; code: string; display?: string }): object {
  return coding ? { coding: [coding], text } : { text };
}

/** A coding of SNOMED CT, with the code's own term. */
export function snomed(code: string, display: string) {
  return { system: 'http://snomed.info/sct', code, display };
}

/** A coding of LOINC, with the code's own term. */
export function loinc(code: string, display: string) {
  return { system: 'http://loinc.org', code, display };
}

/** A coding of one of HL7's own code systems, under http://terminology.hl7.org/CodeSystem. */
export function hl7(system: string, code: string) {
  return { system: `http://terminology.hl7.org/CodeSystem/${system}`, code };
}

/** A HumanName of FHIR R4. */
export function humanName({ name, given, family, prefix }: DemoPerson): object {
  return { use: 'official', text: name, family, given: [given], ...(prefix ? { prefix: [prefix] } : {}) };
}

export const priya = { reference: 'Practitioner/pr-priya', display: 'Dr Priya Shah' };
export const rangi = { reference: 'Practitioner/pr-rangi', display: 'Rangi Cooper' };

/** A moment on a day; all times of the demo records are in UTC. @param time HH:MM */
export function at(day: string, time: string): string {
  return `${day}T${time}:00Z`;
}
