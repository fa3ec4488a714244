import { describe, expect, test } from 'vitest';
import { criterionOf } from '../../../../src/demo/fhir/criterion.ts';
import { records } from '../../../../src/demo/fhir/data/index.ts';
import { FhirRefusal } from '../../../../src/demo/fhir/outcome.ts';
import { searchParameter, searchParameters } from '../../../../src/demo/fhir/parameters.ts';
import { type Resource, type ResourceType, resourceTypes } from '../../../../src/demo/fhir/resource.ts';
import { type Pair, readSearch, searchset } from '../../../../src/demo/fhir/search.ts';

const base = 'http://localhost:3000/demo/fhir/r4';
const held = records('2026-07-30');
const ofType = (type: ResourceType) => held.filter(({ resourceType }) => resourceType === type);

function search(type: ResourceType, query: string, strict = false) {
  const pairs: Pair[] = [...new URLSearchParams(query)];
  return searchset(readSearch({ type, pairs, strict, base }), ofType(type), base) as {
    readonly total: number;
    readonly link: readonly { readonly relation: string; readonly url: string }[];
    readonly entry?: readonly { readonly resource: Resource }[];
  };
}

const found = (type: ResourceType, query: string) =>
  (search(type, query).entry ?? []).map(({ resource }) => resource.id).join(' ');

test.each<[ResourceType, string, string]>([
  ['Patient', '_id=p-aroha', 'p-aroha'],
  ['Patient', '_id=p-aroha,p-tama', 'p-aroha p-tama'],
  ['Patient', '_id=p-nobody', ''],
  ['Patient', 'identifier=9990001014', 'p-aroha'],
  ['Patient', 'identifier=https://fhir.nhs.uk/Id/nhs-number|9990001014', 'p-aroha'],
  ['Patient', 'identifier=https://fhir.nhs.uk/Id/nhs-number|ZZZ1012', ''],
  ['Patient', 'identifier=https://standards.digital.health.nz/ns/nhi-id|', 'p-wiremu'],
  ['Patient', 'identifier=|9990001014', ''],
  ['Practitioner', 'identifier=100000000111', 'pr-rangi'],
  ['RelatedPerson', 'patient=p-hana', 'rp-aroha-hana'],
  ['RelatedPerson', 'patient=Patient/p-hana', 'rp-aroha-hana'],
  ['RelatedPerson', `patient=${base}/Patient/p-hana`, 'rp-aroha-hana'],
  ['RelatedPerson', 'patient=https://other.test/Patient/p-hana', ''],
  ['RelatedPerson', 'patient=Practitioner/p-hana', ''],
  ['Immunization', 'patient=p-tama&status=completed', 'im-tama-1 im-tama-2 im-tama-3'],
  ['Immunization', 'patient=p-tama&status=not-done', ''],
  ['Immunization', 'patient=p-tama&patient=p-hana', ''],
  ['Immunization', 'patient=p-tama,p-hana&_id=im-tama-1,im-hana-1', 'im-tama-1 im-hana-1'],
  ['Immunization', 'vaccine-code=http://snomed.info/sct|911000221103', 'im-hana-2'],
  ['Immunization', 'status=|completed&_id=im-tama-1', 'im-tama-1'],
  ['Appointment', 'patient=p-leo', 'ap-leo-1 ap-leo-2'],
  ['Appointment', 'patient=pr-priya', ''],
  ['Appointment', 'status=booked&date=ge2026-07-30', 'ap-leo-1 ap-leo-2'],
  ['Appointment', 'date=ge2026-08-01&date=le2026-08-10', 'ap-leo-1'],
  ['Appointment', 'date=lt2026-07-30', 'ap-aroha-1'],
  ['MedicationRequest', 'patient=p-mere&status=active', 'mr-mere-1'],
  ['MedicationRequest', 'subject=Patient/p-mere&category=community', 'mr-mere-1'],
  ['MedicationRequest', 'code=319283006&authoredon=2026-06', 'mr-mere-1'],
  ['AllergyIntolerance', 'patient=p-mere&category=medication', 'al-mere-1'],
  ['AllergyIntolerance', 'category=food', ''],
  ['AllergyIntolerance', 'code=http://snomed.info/sct|91936005&clinical-status=active', 'al-mere-1'],
  ['Condition', 'category=problem-list-item&code=38341003', 'co-mere-1'],
  ['Condition', 'subject=p-mere&recorded-date=ge2020', 'co-mere-1'],
  ['Observation', 'category=laboratory', 'ob-aroha-1'],
  ['Observation', 'code=http://loinc.org|85354-9', 'ob-aroha-2'],
  ['Observation', 'code=http://loinc.org|', 'ob-aroha-1 ob-aroha-2'],
  ['Observation', 'status=final&date=2026-07', 'ob-aroha-2'],
  ['Provenance', 'target=Observation/ob-aroha-1', 'pv-aroha-1'],
  ['Provenance', 'patient=p-aroha', 'pv-aroha-2'],
  ['Provenance', 'recorded=gt2026-01-01', 'pv-aroha-1'],
])('%s?%s finds %s', (type, query, expected) => {
  expect(found(type, query)).toBe(expected);
});

describe('signs that mean something', () => {
  const parameter = searchParameter('Patient', 'identifier');
  const matches = (value: string, identifier: { system?: string; value: string }) =>
    parameter &&
    criterionOf(parameter, value, base)?.({ resourceType: 'Patient', id: 'p', identifier: [identifier] });

  test.each([
    ['a\\,b', { value: 'a,b' }, true],
    ['a,b', { value: 'a,b' }, false],
    ['a\\|b', { value: 'a|b' }, true],
    ['s\\|t|v', { system: 's|t', value: 'v' }, true],
    ['a\\\\', { value: 'a\\' }, true],
    ['a\\\\,b', { value: 'b' }, true],
    ['a\\$b', { value: 'a$b' }, true],
    ['a\\b', { value: 'a\\b' }, true],
    ['a\\', { value: 'a\\' }, true],
    ['💉,🩹', { value: '🩹' }, true],
    ['|v', { value: 'v' }, true],
    ['|v', { system: 's', value: 'v' }, false],
    ['v', { system: 's', value: 'v' }, true],
    ['V', { value: 'v' }, false],
  ])('%s in %j: %s', (value, identifier, expected) => {
    expect(matches(value, identifier)).toBe(expected);
  });

  test.each(['', ',', 'a,', ',a', 'a,,b', '|', 'a|b|c', '||'])('%j is malformed', (value) => {
    expect(parameter && criterionOf(parameter, value, base)).toBeUndefined();
  });
});

describe('the Bundle', () => {
  test('counts all matches and links to itself and the next page', () => {
    const body = search('Immunization', 'status=completed&_count=4&_offset=4');
    const url = `${base}/Immunization?status=completed&_count=4`;
    expect(body.total).toBe(9);
    expect(body.entry).toHaveLength(4);
    expect(body.link).toEqual([
      { relation: 'self', url: `${url}&_offset=4` },
      { relation: 'next', url: `${url}&_offset=8` },
    ]);
  });

  test('the last page has no next, and one beyond it no entry', () => {
    expect(search('Immunization', '_count=3&_offset=6').link).toHaveLength(1);
    expect(search('Immunization', '_count=3&_offset=9')).toMatchObject({ total: 9 });
    expect(search('Immunization', '_count=3&_offset=9').entry).toBeUndefined();
  });

  test('its link repeats values so that they mean the same', () => {
    const [self] = search('Observation', 'code=http%3A%2F%2Floinc.org%7C718-7&category=a%26b').link;
    expect([...new URL(self?.url ?? '').searchParams]).toEqual([
      ['code', 'http://loinc.org|718-7'],
      ['category', 'a&b'],
    ]);
  });
});

test.each(['patient:Patient=p-tama', 'patient.name=x', 'status=', '_count=1.5', '_offset=-1', 'date=x'])(
  '%s is refused however lenient',
  (query) => {
    expect(() => search('Immunization', query)).toThrow(FhirRefusal);
  },
);

test('unknown parameters are passed over, or refused on demand without repeating them', () => {
  expect(search('Immunization', 'colour=<b>').total).toBe(9);
  expect(() => search('Immunization', 'colour=<b>', true)).toThrow(
    'Immunization cannot be searched by that parameter',
  );
});

test.each(resourceTypes)('%s can be searched by _id, and each name stands once', (type) => {
  const names = searchParameters(type).map(({ name }) => name);
  expect(names).toContain('_id');
  expect(new Set(names).size).toBe(names.length);
  expect(searchParameter(type, 'constructor')).toBeUndefined();
});
