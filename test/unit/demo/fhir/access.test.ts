import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAccess, type TokenContext } from '../../../../src/demo/fhir/access.ts';
import { records } from '../../../../src/demo/fhir/data/index.ts';
import { resourceTypes } from '../../../../src/demo/fhir/resource.ts';

const base = 'http://localhost:3000/demo/fhir/r4';
const held = records('2026-07-30');
const interactions = ['read', 'search'] as const;

/** Ids of everything that a token shows, in the order held. */
function seen(token: TokenContext, interaction: (typeof interactions)[number] = 'read'): string {
  const access = createAccess({ token, records: held, base });
  return held
    .filter((resource) => access.sees(resource, interaction))
    .map(({ id }) => id)
    .join(' ');
}

const everything = held.map(({ id }) => id).join(' ');
const laboratory = 'http://terminology.hl7.org/CodeSystem/observation-category|laboratory';

describe('scopes for the patient in context', () => {
  test.each([
    ['patient/Patient.r', 'p-aroha', 'p-aroha'],
    ['patient/Patient.read', 'p-aroha', 'p-aroha'],
    ['patient/Patient.cruds', 'p-aroha', 'p-aroha'],
    ['patient/Patient.*', 'p-aroha', 'p-aroha'],
    ['patient/Patient.s', 'p-aroha', ''],
    ['patient/Patient.cud', 'p-aroha', ''],
    ['patient/Patient.write', 'p-aroha', ''],
    ['patient/Immunization.r', 'p-tama', 'im-tama-1 im-tama-2 im-tama-3'],
    ['patient/Immunization.r', 'p-leo', ''],
    ['patient/RelatedPerson.r', 'p-tama', 'rp-aroha-tama'],
    ['patient/RelatedPerson.r', 'p-aroha', ''],
    ['patient/Appointment.r', 'p-leo', 'ap-leo-1 ap-leo-2'],
    ['patient/MedicationRequest.r', 'p-mere', 'mr-mere-1'],
    ['patient/AllergyIntolerance.r', 'p-mere', 'al-mere-1'],
    ['patient/Condition.r', 'p-mere', 'co-mere-1'],
    ['patient/Observation.r', 'p-aroha', 'ob-aroha-1 ob-aroha-2'],
    ['patient/Provenance.r', 'p-aroha', 'pv-aroha-1 pv-aroha-2'],
    ['patient/Provenance.r', 'p-tama', ''],
    ['patient/Condition.r patient/AllergyIntolerance.r', 'p-mere', 'co-mere-1 al-mere-1'],
    ['patient/*.r', 'p-leo', 'p-leo rp-aroha-leo pr-priya ap-leo-1 ap-leo-2'],
    ['patient/Encounter.r', 'p-aroha', ''],
    ['patient/Patient.r', 'p-nobody', ''],
    ['patient/Patient.r', '', ''],
    ['patient/Patient.r', undefined, ''],
    ['', 'p-aroha', ''],
    ['openid fhirUser launch/patient offline_access', 'p-aroha', ''],
    ['organization/Patient.r', 'p-aroha', ''],
    ['patient/Patient.sr', 'p-aroha', ''],
    ['patient/Patient.r  patient/Immunization.r', 'p-aroha', ''],
  ])('%s, patient %s: %s', (scope, patient, expected) => {
    expect(seen({ scope, patient })).toBe(expected);
  });

  test('search takes its own letter', () => {
    expect(seen({ scope: 'patient/Condition.s', patient: 'p-mere' }, 'search')).toBe('co-mere-1');
    expect(seen({ scope: 'patient/Condition.r', patient: 'p-mere' }, 'search')).toBe('');
  });
});

describe('practitioners, who are in nobody’s record', () => {
  test.each([
    ['with nothing beside it', 'patient/Practitioner.rs', 'p-aroha', ''],
    [
      'named in the visible record',
      'patient/Practitioner.r patient/Patient.r',
      'p-aroha',
      'p-aroha pr-priya',
    ],
    [
      'named in what can only be searched',
      'patient/Practitioner.r patient/Immunization.s',
      'p-aroha',
      'pr-priya',
    ],
    [
      'both, where both are named',
      'patient/Practitioner.r patient/Provenance.s',
      'p-aroha',
      'pr-priya pr-rangi',
    ],
    ['without a scope for them', 'patient/Patient.r', 'p-aroha', 'p-aroha'],
    ['for whom the record names none', 'patient/Practitioner.r patient/Patient.r', 'p-wiremu', 'p-wiremu'],
  ])('%s', (_name, scope, patient, expected) => {
    expect(seen({ scope, patient })).toBe(expected);
  });

  test('a restriction on the record holds for whom it names, too', () => {
    const scope = `patient/Practitioner.r patient/Immunization.s?_id=im-tama-3`;
    expect(seen({ scope, patient: 'p-tama' })).toBe('');
  });
});

describe('scopes for the user', () => {
  test.each([
    ['a patient: their own record', 'Patient/p-mere', 'user/Condition.r', 'p-mere co-mere-1'],
    ['the same by absolute address', `${base}/Patient/p-mere`, 'user/Condition.r', 'p-mere co-mere-1'],
    ['a patient: not that of others', 'Patient/p-tom', 'user/Condition.r', 'p-tom'],
    [
      'a practitioner: everything of the type',
      'Practitioner/pr-priya',
      'user/RelatedPerson.r',
      'rp-aroha-tama rp-aroha-hana rp-aroha-leo pr-priya',
    ],
    ['a practitioner: everything', 'Practitioner/pr-rangi', 'user/*.r', everything],
    ['a delegate: nothing', 'RelatedPerson/rp-aroha-tama', 'user/*.r', 'rp-aroha-tama'],
    ['a practitioner whom nobody knows', 'Practitioner/pr-none', 'user/*.r', ''],
    ['someone of another server', 'https://other.test/r4/Practitioner/pr-priya', 'user/*.r', ''],
    ['someone of a server that begins alike', `${base}x/Practitioner/pr-priya`, 'user/*.r', ''],
    ['nobody', undefined, 'user/*.rs', ''],
    ['something that is no person', 'Immunization/im-tama-1', 'user/Patient.r', ''],
  ])('%s', (_name, fhirUser, scope, expected) => {
    expect(seen({ scope, fhirUser, patient: 'p-aroha' })).toBe(expected);
  });
});

test('whom fhirUser names can be read, not searched, without any scope', () => {
  const token = { scope: 'openid fhirUser', fhirUser: `${base}/RelatedPerson/rp-aroha-tama` };
  expect(seen(token)).toBe('rp-aroha-tama');
  expect(seen(token, 'search')).toBe('');
  const access = createAccess({ token, records: held, base });
  for (const type of resourceTypes)
    for (const interaction of interactions) expect(access.opens(type, interaction)).toBe(false);
});

test('system scopes open everything of the type, with neither patient nor user', () => {
  expect(seen({ scope: 'system/*.r' })).toBe(everything);
  expect(seen({ scope: 'system/Practitioner.r' })).toBe('pr-priya pr-rangi');
  expect(seen({ scope: 'system/Practitioner.s' })).toBe('');
});

describe('restricted scopes', () => {
  test.each([
    ['by category', `patient/Observation.r?category=${laboratory}`, 'ob-aroha-1'],
    ['by category without its system', 'patient/Observation.r?category=vital-signs', 'ob-aroha-2'],
    ['by either category', 'patient/Observation.r?category=vital-signs,laboratory', 'ob-aroha-1 ob-aroha-2'],
    ['by what is encoded', 'patient/Observation.r?category=vital%2Dsigns', 'ob-aroha-2'],
    ['by id', 'patient/Observation.r?_id=ob-aroha-2', 'ob-aroha-2'],
    ['by two that both hold', 'patient/Observation.r?category=laboratory&status=final', 'ob-aroha-1'],
    ['by two of which one does not', 'patient/Observation.r?category=laboratory&status=amended', ''],
    ['by another patient', 'patient/Observation.r?patient=p-tama', ''],
    ['by a system that has no such code', 'patient/Observation.r?category=http://other.test|laboratory', ''],
    ['by a parameter that nobody knows', 'patient/Observation.r?colour=blue', ''],
    ['by one that the type has not', 'patient/Immunization.r?category=laboratory', ''],
    ['by a known and an unknown one', 'patient/Observation.r?category=laboratory&colour=blue', ''],
    ['by a malformed value', 'patient/Observation.r?date=yesterday', ''],
    ['by a date', 'patient/Observation.r?date=ge2026-07-01', 'ob-aroha-2'],
    [
      'beside another scope: what either opens',
      'patient/Observation.r?category=laboratory patient/Observation.r?category=vital-signs',
      'ob-aroha-1 ob-aroha-2',
    ],
    [
      'beside the same without restriction',
      'patient/Observation.r?colour=blue patient/Observation.r',
      'ob-aroha-1 ob-aroha-2',
    ],
    ['on a wildcard: only types that have the parameter', 'patient/*.r?category=laboratory', 'ob-aroha-1'],
  ])('%s', (_name, scope, expected) => {
    expect(seen({ scope, patient: 'p-aroha' })).toBe(expected);
  });

  test.each([
    ['patient/Observation.r?category=laboratory', true],
    ['patient/Observation.r?colour=blue', false],
    ['patient/Observation.s', false],
    ['patient/Immunization.r', false],
    ['patient/*.r?category=laboratory', true],
  ])('%s opens reading of Observation: %s', (scope, expected) => {
    const access = createAccess({ token: { scope, patient: 'p-aroha' }, records: held, base });
    expect(access.opens('Observation', 'read')).toBe(expected);
  });
});

const scopeText = fc
  .tuple(
    fc.constantFrom('patient', 'user', 'system'),
    fc.constantFrom('*', ...resourceTypes),
    fc.constantFrom('r', 's', 'rs', 'cud', 'read', 'write'),
    fc.constantFrom('', '?_id=ob-aroha-1', '?status=final', '?colour=blue'),
  )
  .map(([context, type, letters, restriction]) => `${context}/${type}.${letters}${restriction}`);
const tokenContext = fc.record({
  patient: fc.constantFrom('p-aroha', 'p-tama', 'p-mere', 'p-nobody', undefined),
  fhirUser: fc.constantFrom(
    'Patient/p-aroha',
    'RelatedPerson/rp-aroha-tama',
    'Practitioner/pr-priya',
    undefined,
  ),
});

test('a further scope never hides anything', () => {
  fc.assert(
    fc.property(tokenContext, fc.array(scopeText), scopeText, (context, scopes, more) => {
      const before = createAccess({ token: { ...context, scope: scopes.join(' ') }, records: held, base });
      const after = createAccess({
        token: { ...context, scope: [...scopes, more].join(' ') },
        records: held,
        base,
      });
      for (const interaction of interactions)
        for (const resource of held)
          if (before.sees(resource, interaction)) expect(after.sees(resource, interaction)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('what is searched and seen belongs to a type that is open', () => {
  fc.assert(
    fc.property(tokenContext, fc.array(scopeText), (context, scopes) => {
      const access = createAccess({ token: { ...context, scope: scopes.join(' ') }, records: held, base });
      for (const resource of held)
        if (access.sees(resource, 'search')) expect(access.opens(resource.resourceType, 'search')).toBe(true);
    }),
    { numRuns: 60 },
  );
});
