import { describe, expect, test } from 'vitest';
import { parseScope, type ScopeFamily, splitScope } from '../../../src/scopes/index.ts';
import * as tables from './tables.ts';

const tokens = (value: string) => splitScope(value) ?? [];

describe('parseScope admits what is published', () => {
  const spine = [
    ...tables.reasonableAdjustments,
    ...tables.nrl,
    ...tables.careConnect,
    ...tokens(tables.demoReasonableAdjustments),
    'organization/*.read',
    'system/*.write',
  ];
  test.each(spine)('spine %s', (text) => {
    const scope = parseScope('spine', text);
    const [context, rest = ''] = text.split('/');
    const [resource, access] = rest.split('.');
    expect(scope).toEqual({ kind: 'resource', text, context, resource, access });
  });

  test.each(tokens(tables.demoGpConnect))('gp-connect %s', (text) => {
    expect(parseScope('gp-connect', text)?.text).toBe(text);
  });

  test.each(tables.gpConnectOperations)('gp-connect %s: %s', (_operation, value) => {
    expect(tokens(value).map((text) => parseScope('gp-connect', text)?.text)).toEqual(value.split(' '));
  });

  test.each(['openid', 'profile', 'email', 'address', 'phone', 'offline_access'])('oidc %s', (text) => {
    expect(parseScope('oidc', text)).toEqual({ kind: 'oidc', text });
  });

  test.each([...tokens(tables.demoAdmin), 'introspect', 'a', 'a-b_c:d.e1'])('plain %s', (text) => {
    expect(parseScope('plain', text)).toEqual({ kind: 'plain', text });
  });

  test('confidentiality', () => {
    expect(parseScope('gp-connect', 'conf/R')).toEqual({
      kind: 'confidentiality',
      text: 'conf/R',
      level: 'R',
    });
  });
});

const refusedEverywhere = [
  '',
  ' ',
  'user/Condition',
  'user/.read',
  '/Flag.read',
  'user/Flag.',
  'user/Flag..read',
  'user//Flag.read',
  'user/Flag.read.read',
  'user/Flag.read.write',
  'user/Flag.*',
  'user/Flag.rs',
  'user/Flag.cruds',
  'user/Flag.Read',
  'User/Flag.read',
  'USER/FLAG.READ',
  'user/flag.read',
  'user/F.read',
  'user/Flag1.read',
  'user/Flag-x.read',
  'user/**.read',
  'user/*Flag.read',
  'user/Flag.read?code=1',
  'practitioner/Flag.read',
  'organisation/*.read',
  'user\\Flag.read',
  'user/Flag read',
  ' user/Flag.read',
  'user/Flag.read ',
  'user/Flag.read\n',
  '\nuser/Flag.read',
  'user/Flag.read\t',
  'user/Flag.read\u0000',
  'user/\u0000Flag.read',
  '\u0000',
  'user/Fläg.read',
  'uſer/Flag.read',
  'consent/*.create',
  'consent/*.read',
  'consent/*.update',
  'consent/*.[create|read|update]',
  'conf/n',
  'conf/X',
  'conf/',
  'conf/N.read',
  'conf/N ',
  'OpenID',
  'openid\n',
  'Admin.read',
  'admin..read',
  'admin.',
  '.admin',
  'admin.read\u0000',
  'admin/read',
  '1admin',
  '__proto__',
];

describe('parseScope refuses', () => {
  const families: ScopeFamily[] = ['spine', 'gp-connect', 'oidc', 'plain'];
  test.each(refusedEverywhere.map((text) => [JSON.stringify(text), text]))('%s', (_shown, text) => {
    for (const family of families) expect(parseScope(family, text), family).toBeUndefined();
  });

  test.each<[ScopeFamily, string]>([
    ['spine', 'conf/N'],
    ['spine', 'openid'],
    ['spine', 'admin.read'],
    ['gp-connect', 'patient/Observation.read'],
    ['gp-connect', 'organization/Organization.read'],
    ['gp-connect', 'user/*.read'],
    ['gp-connect', 'system/*.read'],
    ['gp-connect', 'openid'],
    ['oidc', 'user/Flag.read'],
    ['oidc', 'fhirUser'],
    ['oidc', 'constructor'],
    ['plain', 'user/Flag.read'],
    ['plain', 'openid'],
    ['plain', 'offline_access'],
  ])("%s: another family's %s", (family, text) => {
    expect(parseScope(family, text)).toBeUndefined();
  });

  test.each([
    'a'.repeat(10_000),
    'user/'.repeat(2_000),
    `user/${'*'.repeat(10_000)}.read`,
    `user/F${'l'.repeat(10_000)}.`,
    `user/Flag.${'r'.repeat(10_000)}`,
    `${'a.'.repeat(5_000)}`,
    '\u0000'.repeat(10_000),
  ])('10,000 characters at once', (text) => {
    const start = performance.now();
    for (const family of families.slice(0, 3)) expect(parseScope(family, text)).toBeUndefined();
    parseScope('plain', text);
    expect(performance.now() - start).toBeLessThan(250);
  });
});

describe('splitScope', () => {
  test.each([
    ['user/Flag.read', ['user/Flag.read']],
    ['b a b c a', ['b', 'a', 'c']],
    ['! # [ ] ~', ['!', '#', '[', ']', '~']],
  ])('%j', (value, expected) => {
    expect(splitScope(value)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    ' a',
    'a ',
    'a  b',
    'a\tb',
    'a\n',
    'a\u0000',
    'a"b',
    'a\\b',
    'a\u007f',
    'é',
    'a\u00a0b',
  ])('refuses %j', (value) => {
    expect(splitScope(value)).toBeUndefined();
  });

  test('keeps the demo lists whole', () => {
    expect(splitScope(tables.demoReasonableAdjustments)).toHaveLength(9);
    expect(splitScope(tables.demoGpConnect)).toHaveLength(6);
  });
});
