import { describe, expect, test } from 'vitest';
import { examples, professional } from './examples.ts';
import { mutations } from './mutations.ts';
import { validate } from './validate.ts';

describe.each(examples)('%s', (_name, claims) => {
  test('the example is admitted', () => {
    expect(validate(claims), JSON.stringify(validate.errors)).toBe(true);
  });

  const faulty = mutations(claims);

  test('there are at least 40 faults, each with its own name and content', () => {
    expect(faulty.length).toBeGreaterThanOrEqual(40);
    expect(new Set(faulty.map(([name]) => name)).size).toBe(faulty.length);
    const good = JSON.stringify(claims);
    expect(faulty.filter(([, changed]) => JSON.stringify(changed) === good)).toEqual([]);
  });

  test.each(faulty)('is refused: %s', (_fault, changed) => {
    expect(validate(changed)).toBe(false);
  });
});

test.each([
  ['a local naming system', { requesting_user: 'https://fernhill.example/Id/user-guid|a7d1c2f0-4f4e' }],
  ['a local naming system that is a URN', { requesting_user: 'urn:oid:2.16.840.1.113883.2.1|DOMAIN\\ada' }],
  [
    'a longer role profile id',
    { requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000202123' },
  ],
])('a user under %s is admitted', (_name, user) => {
  expect(validate({ ...professional, ...user, sub: user.requesting_user })).toBe(true);
});

test.each(['requesting_organization', 'requested_scope', 'client_id', 'jti'])('%s may be absent', (name) => {
  const claims = Object.fromEntries(Object.entries(professional).filter(([key]) => key !== name));
  expect(validate(claims)).toBe(true);
});

test('a user may ask about a patient, and stays the subject', () => {
  expect(
    validate({ ...professional, requesting_patient: 'http://fhir.nhs.net/Id/nhs-number|9990001014' }),
  ).toBe(true);
});
