import { describe, expect, test } from 'vitest';
import { records } from '../../../../src/demo/fhir/data/index.ts';
import { searchParameters } from '../../../../src/demo/fhir/parameters.ts';
import {
  elementsAt,
  type Resource,
  type ResourceType,
  referencesIn,
  referenceTo,
} from '../../../../src/demo/fhir/resource.ts';
import { plusDays } from '../../../../src/demo/people.ts';

const today = '2026-07-30';
const held = records(today);

function one(id: string): Resource {
  const found = held.find((resource) => resource.id === id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

/** What R4 demands of each type (cardinality 1..), beside what this server always has. */
const required: Record<ResourceType, readonly string[]> = {
  Patient: ['identifier.system', 'identifier.value', 'name.family', 'gender', 'birthDate'],
  RelatedPerson: ['patient.reference', 'relationship.text', 'active'],
  Practitioner: ['identifier.value', 'name.family'],
  Immunization: ['status', 'vaccineCode.text', 'patient.reference', 'occurrenceDateTime'],
  Appointment: ['status', 'start', 'end', 'participant.status'],
  MedicationRequest: ['status', 'intent', 'medicationCodeableConcept.text', 'subject.reference'],
  AllergyIntolerance: ['patient.reference', 'clinicalStatus.coding.code', 'code.text'],
  Condition: ['subject.reference', 'clinicalStatus.coding.code', 'code.text'],
  Observation: ['status', 'code.text', 'category.coding.code', 'subject.reference', 'effectiveDateTime'],
  Provenance: ['target.reference', 'recorded', 'agent.who'],
};

/** All objects within a value. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value as Record<string, unknown>, ...inner];
}

describe.each(held.map((resource) => [referenceTo(resource), resource] as const))('%s', (_name, resource) => {
  test('has what its type must have', () => {
    for (const path of required[resource.resourceType])
      expect(elementsAt(resource, path), path).not.toEqual([]);
    expect(resource.id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
  });

  test('refers to resources that are held', () => {
    const known = held.map(referenceTo);
    for (const reference of referencesIn(resource)) expect(known).toContain(reference);
  });

  test('says each coded thing in words, too, and has no empty lists', () => {
    for (const part of objectsIn(resource)) {
      if ('coding' in part) expect(part.text).toEqual(expect.any(String));
      for (const value of Object.values(part)) {
        expect(value).not.toEqual([]);
        expect(value).not.toBeNull();
        expect(value).not.toBeUndefined();
      }
    }
  });
});

test('ids are held once', () => {
  const all = held.map(({ id }) => id);
  expect(new Set(all).size).toBe(all.length);
});

test('ids do not tell what care someone has', () => {
  const clinical = held.filter(({ id }) => !/^(p|pr|rp)-/.test(id));
  for (const { id } of clinical) expect(id).toMatch(/^[a-z]{2}-[a-z]+-\d$/);
});

test.each(['Patient', 'Practitioner', 'Observation'] as const)(
  '%s is found by each of its parameters',
  (type) => {
    for (const { name, path } of searchParameters(type))
      for (const resource of held.filter(({ resourceType }) => resourceType === type))
        expect(elementsAt(resource, path), name).not.toEqual([]);
  },
);

test('there is as much for each person as the stories need', () => {
  const count = (type: ResourceType, id: string) =>
    held.filter(
      (resource) => resource.resourceType === type && referencesIn(resource).includes(`Patient/${id}`),
    ).length;
  for (const id of ['p-aroha', 'p-tama', 'p-hana']) expect(count('Immunization', id), id).toBe(3);
  expect(count('Appointment', 'p-leo')).toBe(2);
  expect(count('Appointment', 'p-aroha')).toBe(1);
  expect(count('MedicationRequest', 'p-mere')).toBe(1);
  expect(count('AllergyIntolerance', 'p-mere')).toBe(1);
  expect(count('Observation', 'p-aroha')).toBe(2);
  expect(held.filter(({ resourceType }) => resourceType === 'Patient')).toHaveLength(7);
});

test('exactly one resource has a label, one of Hana’s', () => {
  const labelled = held.filter((resource) => elementsAt(resource, 'meta.security').length > 0);
  expect(labelled.map(({ id }) => id)).toEqual(['im-hana-2']);
  expect(elementsAt(one('im-hana-2'), 'meta.security.code')).toEqual(['SEX']);
});

test('only relationships that are active make someone a RelatedPerson', () => {
  const related = held.filter(({ resourceType }) => resourceType === 'RelatedPerson');
  expect(related.map(({ id }) => id)).toEqual(['rp-aroha-tama', 'rp-aroha-hana', 'rp-aroha-leo']);
  for (const person of related) {
    expect(person.active).toBe(true);
    expect(elementsAt(person, 'relationship.coding.code')).toEqual(['MTH']);
  }
});

test('Leo is seen once before and once after he turns 16, at a clinic whose name tells', () => {
  const birthday = plusDays(today, 20);
  expect(String(one('ap-leo-1').start) < birthday).toBe(true);
  expect(String(one('ap-leo-2').start) > birthday).toBe(true);
  expect(JSON.stringify(one('ap-leo-2'))).toContain('Mental Health');
});

test.each(['2026-01-01', '2026-10-12', '2026-10-13', '2028-02-29', '2027-12-31'])(
  'seeded on %s, all that happened lies between birth and that day',
  (day) => {
    const then = records(day);
    const births = new Map(then.map((resource) => [referenceTo(resource), resource.birthDate]));
    for (const { id, patient, occurrenceDateTime } of then.filter((r) => r.resourceType === 'Immunization')) {
      const [reference] = referencesIn({ patient });
      expect(String(occurrenceDateTime) > String(births.get(reference ?? '')), id).toBe(true);
      expect(String(occurrenceDateTime) < day, id).toBe(true);
    }
  },
);
