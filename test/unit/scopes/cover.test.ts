import { describe, expect, test } from 'vitest';
import {
  combinationFault,
  covers,
  intersect,
  needsPerson,
  type ScopeFamily,
  splitScope,
  uncovered,
} from '../../../src/scopes/index.ts';
import * as tables from './tables.ts';

const tokens = (value: string) => splitScope(value) ?? [];

describe('covers', () => {
  test.each<[ScopeFamily, string, string, boolean]>([
    ['spine', 'user/Flag.read', 'user/Flag.read', true],
    ['spine', 'user/*.read', 'user/Flag.read', true],
    ['spine', 'user/*.read', 'user/*.read', true],
    ['spine', 'user/Flag.read', 'user/*.read', false],
    ['spine', 'user/*.read', 'user/Flag.write', false],
    ['spine', 'user/Flag.write', 'user/Flag.read', false],
    ['spine', 'user/*.read', 'patient/Flag.read', false],
    ['spine', 'user/*.read', 'system/Flag.read', false],
    ['spine', 'system/Flag.read', 'user/Flag.read', false],
    ['spine', 'patient/*.read', 'patient/DocumentReference.read', true],
    ['spine', 'user/Condition', 'user/Condition', false],
    ['spine', 'user/*.read', 'user/flag.read', false],
    ['gp-connect', 'patient/*.read', 'patient/*.read', true],
    ['gp-connect', 'patient/*.write', 'patient/*.read', false],
    ['gp-connect', 'patient/*.read', 'organization/*.read', false],
    ['gp-connect', 'patient/*.read', 'patient/Observation.read', false],
    ['gp-connect', 'patient/*.read', 'conf/N', false],
    ['gp-connect', 'conf/R', 'conf/N', false],
    ['gp-connect', 'conf/N', 'conf/N', true],
    ['oidc', 'openid', 'openid', true],
    ['oidc', 'profile', 'email', false],
    ['plain', 'admin.read', 'admin.read', true],
    ['plain', 'admin', 'admin.read', false],
    ['plain', 'admin.write', 'admin.read', false],
  ])('%s: %s covers %s: %s', (family, allowed, requested, expected) => {
    expect(covers(family, allowed, requested)).toBe(expected);
  });

  test.each([...tables.reasonableAdjustments, ...tables.nrl, ...tables.careConnect])(
    'the NRL values cover only patient scopes: %s',
    (text) => {
      expect(intersect('spine', tables.nrl, [text])).toEqual(text.startsWith('patient/') ? [text] : []);
    },
  );
});

test('the ward application is refused what it was not given, and the first offender is named', () => {
  const allowed = tokens(tables.demoReasonableAdjustments).filter((text) => text.startsWith('user/'));
  const requested = ['user/List.read', 'system/Flag.read', 'user/Flag.read', 'user/Patient.read'];
  expect(intersect('spine', allowed, requested)).toEqual(['user/List.read', 'user/Flag.read']);
  expect(uncovered('spine', allowed, requested)).toEqual(['system/Flag.read', 'user/Patient.read']);
});

test('nothing is covered by nothing', () => {
  expect(intersect('spine', [], ['user/Flag.read'])).toEqual([]);
  expect(uncovered('spine', ['user/*.read'], [])).toEqual([]);
});

describe('needsPerson', () => {
  test.each<[ScopeFamily, string, boolean]>([
    ['spine', 'user/Flag.read', true],
    ['spine', 'patient/*.read', true],
    ['spine', 'organization/*.read', true],
    ['spine', 'system/Flag.read', false],
    ['spine', 'system/*.write', false],
    ['spine', 'nonsense', true],
    ...tokens(tables.demoGpConnect).map((text): [ScopeFamily, string, boolean] => ['gp-connect', text, true]),
    ['oidc', 'openid', true],
    ['oidc', 'offline_access', true],
    ...tokens(tables.demoAdmin).map((text): [ScopeFamily, string, boolean] => ['plain', text, false]),
    ['plain', 'openid', true],
  ])('%s %s: %s', (family, text, expected) => {
    expect(needsPerson(family, text)).toBe(expected);
  });
});

describe('combinationFault', () => {
  test.each(tables.gpConnectOperations)('gp-connect %s: %s', (_operation, value) => {
    expect(combinationFault('gp-connect', tokens(value))).toBeUndefined();
  });

  const pairs = tables.gpConnectAccess.flatMap((one, index) =>
    tables.gpConnectAccess.slice(index + 1).map((other) => `${one} ${other}`),
  );
  test.each([...pairs, 'patient/*.read conf/N conf/R', 'conf/R conf/N', 'conf/N', 'openid conf/R'])(
    'gp-connect refuses %s',
    (value) => {
      expect(combinationFault('gp-connect', tokens(value))).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]{10,}$/);
    },
  );

  test.each(['conf/N patient/*.read', 'openid offline_access patient/*.read conf/N', 'openid'])(
    'gp-connect has nothing against %s',
    (value) => {
      expect(combinationFault('gp-connect', tokens(value))).toBeUndefined();
    },
  );

  test('a repeated value is one value', () => {
    expect(combinationFault('gp-connect', ['patient/*.read', 'patient/*.read'])).toBeUndefined();
  });

  test('the other families have no such rules', () => {
    expect(combinationFault('spine', [...tables.nrl, ...tables.reasonableAdjustments])).toBeUndefined();
    expect(combinationFault('oidc', ['openid', 'email'])).toBeUndefined();
    expect(combinationFault('plain', tokens(tables.demoAdmin))).toBeUndefined();
  });
});
