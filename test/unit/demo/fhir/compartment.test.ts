import { expect, test } from 'vitest';
import { inCompartment } from '../../../../src/demo/fhir/compartment.ts';
import { records } from '../../../../src/demo/fhir/data/index.ts';
import type { Resource } from '../../../../src/demo/fhir/resource.ts';

const held = records('2026-07-30');

test.each([
  [
    'p-aroha',
    'p-aroha im-aroha-1 im-aroha-2 im-aroha-3 ap-aroha-1 ob-aroha-1 ob-aroha-2 pv-aroha-1 pv-aroha-2',
  ],
  ['p-tama', 'p-tama rp-aroha-tama im-tama-1 im-tama-2 im-tama-3'],
  ['p-hana', 'p-hana rp-aroha-hana im-hana-1 im-hana-2 im-hana-3'],
  ['p-leo', 'p-leo rp-aroha-leo ap-leo-1 ap-leo-2'],
  ['p-tom', 'p-tom'],
  ['p-mere', 'p-mere co-mere-1 mr-mere-1 al-mere-1'],
  ['p-wiremu', 'p-wiremu'],
])('the record of %s is what names the patient', (patient, expected) => {
  const inside = held.filter((resource) => inCompartment(resource, patient, held)).map(({ id }) => id);
  expect(inside.join(' ')).toBe(expected);
});

test.each(['', 'p-nobody', 'pr-priya', 'p-arohaa', 'Patient/p-aroha', '__proto__'])(
  'nothing is in the record of "%s"',
  (patient) => {
    expect(held.filter((resource) => inCompartment(resource, patient, held))).toEqual([]);
  },
);

test('a Provenance of what is not held is in nobody’s record', () => {
  const provenance: Resource = {
    resourceType: 'Provenance',
    id: 'pv',
    target: [{ reference: 'Observation/none' }, { reference: 'Provenance/pv' }],
  };
  expect(inCompartment(provenance, 'p-aroha', [...held, provenance])).toBe(false);
});

test('an element that only looks like a patient puts nothing into a record', () => {
  const odd: Resource = { resourceType: 'Immunization', id: 'im', patient: 'Patient/p-aroha', note: null };
  expect(inCompartment(odd, 'p-aroha', held)).toBe(false);
});
