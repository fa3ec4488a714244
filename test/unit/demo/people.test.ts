import { expect, test } from 'vitest';
import { civilDate, type DemoPerson, people, plusDays } from '../../../src/demo/people.ts';
import { organizations } from '../../../src/demo/world.ts';

const days = [
  '2026-07-30',
  '2026-01-01',
  '2028-02-29',
  '2027-02-28',
  '2028-03-01',
  '2028-02-09',
  '2026-12-31',
];

function person(key: string, today = '2026-07-30'): DemoPerson {
  const found = people(today).find((one) => one.key === key);
  if (!found) throw new Error(`nobody is called ${key}`);
  return found;
}

/** Whole years, as people count them. */
function age(birthDate: string | undefined, on: string): number {
  if (birthDate === undefined) throw new Error('there is no birth date');
  const years = Number(on.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return on.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

test.each(days)('the ages of the stories hold on %s', (today) => {
  const ages = people(today)
    .filter(({ birthDate }) => birthDate !== undefined)
    .map(({ key, birthDate }) => [key, age(birthDate, today)]);
  expect(Object.fromEntries(ages)).toEqual({
    aroha: 34,
    tama: 8,
    hana: 14,
    leo: 15,
    tom: 36,
    mere: 71,
    wiremu: 45,
    priya: 41,
    rangi: 52,
  });
});

test.each(days)('ages but that of Leo still hold half a year after %s', (today) => {
  for (const { key, birthDate } of people(today)) {
    if (birthDate === undefined || key === 'leo') continue;
    expect(age(birthDate, plusDays(today, 182)), key).toBe(age(birthDate, today));
  }
});

test.each(days)('Leo turns 16 exactly 20 days after %s', (today) => {
  const { birthDate } = person('leo', today);
  expect(age(birthDate, plusDays(today, 19))).toBe(15);
  expect(age(birthDate, plusDays(today, 20))).toBe(16);
});

test('every birth date is a day of the calendar, whatever the day of seeding', () => {
  for (let offset = 0; offset < 4 * 366; offset += 1) {
    for (const { key, birthDate } of people(plusDays('2026-01-01', offset))) {
      if (birthDate !== undefined) expect(plusDays(birthDate, 0), `${key}, day ${offset}`).toBe(birthDate);
    }
  }
});

test('someone whose birthday fell on 29 February was born on the 28th of a year without one', () => {
  // 41 days after 29 February 2028 Tama's eighth birthday is that day; 2020 has it, 34 years before has not.
  expect(person('tama', '2028-04-10').birthDate).toBe('2020-02-29');
  expect(person('aroha', plusDays('2028-02-29', 97)).birthDate).toBe('1994-02-28');
});

test('a day that is none is refused', () => {
  expect(() => people('2026-13-01')).toThrow(RangeError);
  expect(() => people('')).toThrow(RangeError);
});

test('keys, record ids, identifiers and sign-in names are each used once', () => {
  const everyone = people('2026-07-30');
  const lists = [
    everyone.map(({ key }) => key),
    everyone.map(({ patientId, practitionerId }) => patientId ?? practitionerId),
    everyone.map(({ identifier }) => identifier?.value),
    everyone.map(({ signInName }) => signInName),
  ];
  for (const list of lists) {
    const given = list.filter((value) => value !== undefined);
    expect(new Set(given).size).toBe(given.length);
  }
});

test('Dr Shah works at the surgery and at the hospital, Rangi at the desk of the surgery; nobody else has a role', () => {
  const lines = people('2026-07-30').flatMap(({ key, roles = [] }) =>
    roles.map(({ organization, roleProfile, jobRole, name }) =>
      [key, organization, roleProfile, jobRole, name].join(' | '),
    ),
  );
  expect(lines).toEqual([
    'priya | millbrook | 100000000202 | R8000 | Clinical Practitioner',
    'priya | fernhill | 100000000203 | R8000 | Clinical Practitioner',
    'priya | fernhill | 100000000204 | R8003 | Health Professional',
    'rangi | millbrook | 100000000212 | R8009 | Receptionist',
  ]);
});

test('whoever has a role has an account and an SDS user id, and each role is one of a kind at a known place', () => {
  const practitioners = people('2026-07-30').filter(({ roles }) => roles !== undefined);
  for (const { key, signInName, practitionerId, identifier } of practitioners) {
    expect(signInName, key).toBeDefined();
    expect(practitionerId, key).toBeDefined();
    expect(identifier?.system, key).toBe('https://fhir.nhs.uk/Id/sds-user-id');
  }
  const roles = practitioners.flatMap((one) => one.roles ?? []);
  const places = organizations.map(({ key }) => key);
  expect(roles.filter(({ organization }) => !places.includes(organization))).toEqual([]);
  expect(new Set(roles.map(({ id }) => id)).size).toBe(roles.length);
  expect(new Set(roles.map(({ roleProfile }) => roleProfile)).size).toBe(roles.length);
});

test('children without an account have no sign-in name', () => {
  const without = people('2026-07-30').filter(({ signInName }) => signInName === undefined);
  expect(without.map(({ key }) => key)).toEqual(['tama', 'leo']);
});

test('NHS numbers have valid check digits and lie in the test range', () => {
  const numbers = people('2026-07-30').filter(({ identifier }) => identifier?.system.endsWith('/nhs-number'));
  expect(numbers).toHaveLength(6);
  for (const { key, identifier } of numbers) {
    const digits = [...(identifier?.value ?? '')].map(Number);
    const sum = digits.slice(0, 9).reduce((total, digit, index) => total + digit * (10 - index), 0);
    expect(digits, key).toHaveLength(10);
    expect((11 - (sum % 11)) % 11, key).toBe(digits[9]);
    expect(identifier?.value, key).toMatch(/^999/);
  }
});

test('the NHI has a valid check digit and lies in the test range', () => {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
  const { identifier } = person('wiremu');
  expect(identifier?.system).toBe('https://standards.digital.health.nz/ns/nhi-id');
  const values = [...(identifier?.value ?? '')].map((sign) =>
    /\d/.test(sign) ? Number(sign) : letters.indexOf(sign) + 1,
  );
  const sum = values.slice(0, 6).reduce((total, value, index) => total + value * (7 - index), 0);
  expect((11 - (sum % 11)) % 10).toBe(values[6]);
  expect(identifier?.value).toMatch(/^Z/);
});

test('the macron in a name is one composed character', () => {
  const { name, family } = person('wiremu');
  expect(family).toBe('P\u014dtae');
  expect(name).toBe('Wiremu P\u014dtae');
});

test.each([
  ['2026-07-30T22:59:59Z', 'Europe/London', '2026-07-30'],
  ['2026-07-30T23:00:00Z', 'Europe/London', '2026-07-31'],
  ['2026-01-30T23:30:00Z', 'Europe/London', '2026-01-30'],
  ['2026-07-30T23:00:00Z', 'Pacific/Auckland', '2026-07-31'],
  ['2028-02-29T12:00:00Z', 'UTC', '2028-02-29'],
])('at %s the date in %s is %s', (at, zone, date) => {
  expect(civilDate(new Date(at), zone)).toBe(date);
});

test('an unknown time zone is refused', () => {
  expect(() => civilDate(new Date(0), 'Europe/Atlantis')).toThrow(RangeError);
});
