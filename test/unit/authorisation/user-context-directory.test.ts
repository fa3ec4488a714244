import { describe, expect, test } from 'vitest';
import { admitAsserted, knownRoles } from '../../../src/authorisation/index.ts';
import { clinic, flags, records, shah } from './fernhill.ts';
import { api } from './kowhai.ts';

/** What a system says of its user, held against our own directory, and what it may have for whomever. */

const practitioner = {
  id: 'pr-priya',
  sdsUser: '100000000101',
  sdsRoleProfile: '100000000203',
  local: [{ system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' }],
  name: { family: 'Shah' },
};

type Listed = Parameters<typeof knownRoles>[0];
type Known = Omit<Listed, 'accounts'>;
type Said = Partial<Parameters<typeof knownRoles>[1]>;

/** The account of whoever is known; somebody without roles is known, too. */
const accountsOf = ({ roles }: Known) =>
  roles === undefined
    ? []
    : [...new Set(roles.map((role) => role.accountId)), ...(roles[0] ? [] : ['priya'])];

/** For GP Connect Dr Shah with her own identifiers, with a change; undefined for UNK. */
const held = (known: Known, change: Said = {}) =>
  knownRoles(
    { accounts: accountsOf(known), ...known },
    { practitioner, sdsUser: priya, roleProfile: '100000000203', ...change },
    clinic(),
  );

/** For Spine Core, which names the role alone. */
const heldForSpine = (role: Known['role']) => {
  const said = { practitioner: undefined, sdsUser: undefined, roleProfile: '100000000203' };
  return knownRoles({ accounts: [], roles: undefined, role }, said, clinic());
};

const priya = '100000000101';
const called = (family: string) => ({ practitioner: { ...practitioner, name: { family } } });
const health = shah({ id: 'priya-fernhill-professional', roleProfile: '100000000204', jobRole: 'R8003' });
const hers = [shah(), health];

describe('the directory knows', () => {
  test.for<[string, Known, Said, Known['roles']]>([
    ['neither user nor role', { roles: undefined, role: undefined }, {}, undefined],
    [
      'nobody, as nobody was named',
      { roles: undefined, role: undefined },
      { sdsUser: undefined, roleProfile: undefined },
      undefined,
    ],
    ['both, and they belong together', { roles: hers, role: shah() }, {}, [shah()]],
    [
      'the user, who has roles there, of which none was named',
      { roles: hers, role: undefined },
      { roleProfile: undefined },
      hers,
    ],
    ['her name in other letters', { roles: hers, role: shah() }, called('SHAH'), [shah()]],
    [
      'her name with an accent in two characters',
      { roles: undefined, role: shah({ family: 'P\u014dtae' }) },
      called('Po\u0304tae'),
      [shah({ family: 'P\u014dtae' })],
    ],
  ])('%s: what is asked is held against the right roles', ([, known, said, roles]) => {
    expect(held(known, said)).toEqual({ roles });
  });

  test('her by the id of the resource alone, under her name: one of her roles must allow what is asked', () => {
    const unknown = { sdsUser: undefined, roleProfile: undefined };
    expect(held({ roles: hers, role: undefined }, unknown)).toEqual({ roles: hers });
    expect(held({ roles: hers, role: undefined }, { ...unknown, ...called('Cooper') })).toEqual({
      fault: 'the role belongs to another person',
    });
  });

  test('two people by what was said of one', () => {
    const said = { practitioner, sdsUser: '100000000111', roleProfile: undefined };
    const listed = { accounts: ['priya', 'rangi'], roles: hers, role: undefined };
    expect(knownRoles(listed, said, clinic())).toEqual({
      fault: 'the identifiers are those of several people',
    });
  });

  test('a role of somebody without an SDS user, as the system says as well', () => {
    const role = shah({ sdsUser: undefined });
    expect(held({ roles: undefined, role }, { sdsUser: undefined })).toEqual({ roles: [role] });
    expect(held({ roles: undefined, role })).toEqual({ fault: 'the role belongs to another person' });
  });

  const belongs = 'the role belongs to another person';
  test.for<[string, Known, Said, string]>([
    [
      'the user, who has no role there',
      { roles: [], role: undefined },
      {},
      'the person has no role at the organisation of the client',
    ],
    [
      'the user, who has no role there, and none was named',
      { roles: [], role: undefined },
      { roleProfile: undefined },
      'the person has no role at the organisation of the client',
    ],
    [
      'the user, not the role',
      { roles: hers, role: undefined },
      { roleProfile: '100000000299' },
      'the role is not one that the person has',
    ],
    [
      'the role as somebody else’s, who is known',
      { roles: [shah({ accountId: 'rangi', sdsUser: '100000000111' })], role: shah() },
      { sdsUser: '100000000111' },
      belongs,
    ],
    [
      'the role as somebody else’s than the unknown user’s',
      { roles: undefined, role: shah() },
      { sdsUser: '100000000199' },
      belongs,
    ],
    [
      'whose the role is, and the system says UNK',
      { roles: undefined, role: shah() },
      { sdsUser: undefined },
      belongs,
    ],
    [
      'the role as that of somebody with another name',
      { roles: hers, role: shah() },
      called('Cooper'),
      belongs,
    ],
    [
      'the user under another name',
      { roles: hers, role: undefined },
      { ...called('Cooper'), roleProfile: undefined },
      belongs,
    ],
    [
      'the role as that of another organisation',
      { roles: hers, role: shah({ organization: 'millbrook' }) },
      {},
      'the role is at another organisation than the client',
    ],
    [
      'the role as one that has ended',
      { roles: [health], role: shah({ ended: true }) },
      {},
      'the role has ended',
    ],
  ])('%s', ([, known, said, fault]) => {
    expect(held(known, said)).toEqual({ fault });
  });

  test('roles elsewhere only, and the client has no organisation', () => {
    const stray = clinic({ organization: undefined });
    const said = { practitioner, sdsUser: priya, roleProfile: '100000000203' };
    expect(knownRoles({ accounts: ['priya'], roles: [], role: shah() }, said, stray)).toEqual({
      fault: 'the role is at another organisation than the client',
    });
  });

  test('for Spine Core whether there is such a role, where it is, and whether it has ended', () => {
    expect(heldForSpine(undefined)).toEqual({ roles: undefined });
    expect(heldForSpine(shah())).toEqual({ roles: [shah()] });
    expect(heldForSpine(shah({ organization: 'millbrook' }))).toEqual({
      fault: 'the role is at another organisation than the client',
    });
    expect(heldForSpine(shah({ ended: true }))).toEqual({ fault: 'the role has ended' });
  });
});

describe('for whomever, a system', () => {
  const ask = (scope: unknown, change: Partial<Parameters<typeof admitAsserted>[0]> = {}) =>
    admitAsserted({ client: clinic(), api: records, scope, ...change });

  test.for(['patient/*.read', 'patient/*.read conf/N', 'conf/N organization/*.read'])(
    'may have %s',
    (scope) => {
      expect(ask(scope)).toEqual({ scopes: scope.split(' ') });
    },
  );

  test.for<[unknown, string]>([
    [undefined, 'scope is required'],
    ['', 'scope is required'],
    [['patient/*.read'], 'scope is malformed'],
    ['patient/*.read  conf/N', 'scope is malformed'],
    ['openid', 'openid is not a scope of this resource'],
    ['patient/*.read offline_access', 'offline_access is not a scope of this resource'],
    ['patient/Patient.read', 'patient/Patient.read is not a scope of this resource'],
    ['organization/*.write', 'organization/*.write is not a scope of this resource'],
    ['patient/*.write', 'the client may not have patient/*.write'],
    ['patient/*.read conf/R', 'the client may not have conf/R'],
    ['conf/N', 'a conf scope needs a patient or organization scope'],
    ['patient/*.read organization/*.read', 'a request may have only one patient or organization scope'],
  ])('may not have %j', ([scope, description]) => {
    expect(ask(scope)).toEqual({ error: 'invalid_scope', description });
  });

  test('may not have for somebody what is for systems without a person', () => {
    expect(ask('system/Flag.read', { api: flags })).toEqual({
      error: 'invalid_scope',
      description: 'system/Flag.read is for systems without a person',
    });
  });

  test('may not use an API that it was not given', () => {
    expect(ask('patient/*.read', { client: clinic({ apis: {} }) })).toMatchObject({
      error: 'invalid_target',
    });
  });

  test('may not use an API whose tokens name nobody', () => {
    expect(ask('user/Patient.rs', { api })).toMatchObject({ error: 'unauthorized_client' });
  });

  const away = { key: 'fernhill', name: 'Fernhill Hospital', asid: undefined, kind: 'hospital' };
  test.for([
    ['a device, for GP Connect', clinic({ device: undefined }), records, 'patient/*.read'],
    ['an organisation, for GP Connect', clinic({ organization: undefined }), records, 'patient/*.read'],
    [
      'an organisation code, for GP Connect',
      clinic({ organization: { ...away, odsCode: undefined } }),
      records,
      'patient/*.read',
    ],
    ['an ASID, for Spine Core', clinic({ asid: undefined }), flags, 'user/Flag.read'],
    [
      'an organisation code, for Spine Core',
      clinic({ organization: { ...away, odsCode: undefined } }),
      flags,
      'user/Flag.read',
    ],
  ] as const)('may have nothing without %s', ([, client, of, scope]) => {
    expect(ask(scope, { client, api: of })).toMatchObject({ error: 'unauthorized_client' });
  });
});
