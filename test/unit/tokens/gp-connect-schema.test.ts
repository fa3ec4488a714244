import { describe, expect, test } from 'vitest';
import { gpConnectExamples, migration, published } from './gp-connect-examples.ts';
import { gpConnectMutations } from './gp-connect-mutations.ts';
import { validateGpConnect } from './validate.ts';

describe.each(gpConnectExamples)('%s', (_name, claims) => {
  test('the example is admitted', () => {
    expect(validateGpConnect(claims), JSON.stringify(validateGpConnect.errors)).toBe(true);
  });

  const faulty = gpConnectMutations(claims);

  test('there are at least 300 faults, each with its own name and content', () => {
    expect(faulty.length).toBeGreaterThanOrEqual(300);
    const names = faulty.map(([name]) => name);
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
    const good = JSON.stringify(claims);
    expect(faulty.filter(([, changed]) => JSON.stringify(changed) === good)).toEqual([]);
  });

  test.each(faulty)('is refused: %s', (_fault, changed) => {
    expect(validateGpConnect(changed)).toBe(false);
  });
});

test.each([
  'patient/*.read',
  'patient/*.write',
  'organization/*.read',
  'organization/*.write',
  'patient/*.read conf/N',
])('directcare goes with %s', (requested_scope) => {
  expect(validateGpConnect({ ...published, requested_scope })).toBe(true);
});

test('migration goes with conf/N as well', () => {
  expect(validateGpConnect({ ...migration, requested_scope: 'patient/*.read conf/N' })).toBe(true);
});

test.each(['client_id', 'jti'])('%s is ours, and may be absent', (name) => {
  const claims = Object.fromEntries(Object.entries(migration).filter(([key]) => key !== name));
  expect(validateGpConnect(claims)).toBe(true);
});
