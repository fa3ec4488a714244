import { describe, expect, test } from 'vitest';
import { readClaims, type Told } from '../../../src/upstream/claims.ts';
import { readSources } from '../../../src/upstream/source-file.ts';

/** The settings of a source that is made from a preset. */
function source(preset: string) {
  const file = JSON.stringify({ id: 'one', preset, issuer: 'https://idp.example.org', client_id: 'assent' });
  const [settings] = readSources(file, { issuer: 'https://auth.example.org', addressFault: () => undefined });
  if (settings === undefined) throw new Error('no source was read');
  return settings;
}

function told(preset: string, idToken: object, userinfo: object = {}): Told {
  const read = readClaims(source(preset), { ...idToken }, { ...userinfo });
  if ('fault' in read) throw new Error(read.fault);
  return read.told;
}

function fault(preset: string, idToken: object, userinfo: object = {}): string {
  const read = readClaims(source(preset), { ...idToken }, { ...userinfo });
  if ('told' in read) throw new Error('the claims were believed');
  return read.fault;
}

describe('NHS login (spine-jwt.md section 11.3)', () => {
  const idToken = {
    sub: 'a1b2',
    vot: 'P9.Cp.Cd',
    vtm: 'https://auth.login.nhs.uk/trustmark/auth.login.nhs.uk',
  };
  const userinfo = {
    sub: 'a1b2',
    nhs_number: '9434765919',
    birthdate: '1985-03-14',
    family_name: 'Ngata',
    given_name: 'Aroha',
    identity_proofing_level: 'P9',
    email: 'aroha@example.test',
    email_verified: true,
    gp_ods_code: 'A12345',
  };

  test('says who it is, how far that was proved, and as what the sign-in counts', () => {
    expect(told('nhs-login', idToken, userinfo)).toEqual({
      subject: 'a1b2',
      name: 'Aroha Ngata',
      birthDate: '1985-03-14',
      identityLevel: 'high',
      identifiers: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9434765919' }],
      email: 'aroha@example.test',
      professional: undefined,
      acr: '2',
      amr: ['pwd', 'otp', 'mfa'],
      signedInAt: undefined,
    });
  });

  test.each([
    ['P0', 'low'],
    ['P5', 'medium'],
    ['P9', 'high'],
  ])('%s is %s', (level, expected) => {
    expect(told('nhs-login', idToken, { identity_proofing_level: level }).identityLevel).toBe(expected);
  });

  test.each([
    ['P0.Cp', '1'],
    ['P5.Cp.Cd', '2'],
    ['P5.Cp.Ck', '2'],
    ['P5.Cm', '3'],
    ['P9.Cp.Cd', '2'],
    ['P9.Cp.Ck', '2'],
    ['P9.Cm', '3'],
    ['P9.Cx', '1'],
    ['constructor', '1'],
  ])('vot %s counts as acr %s', (vot, acr) => {
    expect(told('nhs-login', { ...idToken, vot }).acr).toBe(acr);
  });

  test('a vot that only userinfo has counts for nothing: it is not about this sign-in', () => {
    expect(told('nhs-login', { sub: 'a1b2' }, { vot: 'P9.Cm' })).toMatchObject({ acr: '1', amr: ['fed'] });
  });

  test('somebody of whom little is known is somebody all the same', () => {
    expect(told('nhs-login', { sub: 'a1b2', vot: 'P0.Cp' })).toMatchObject({
      name: undefined,
      birthDate: undefined,
      identityLevel: 'none',
      identifiers: [],
      acr: '1',
    });
  });

  test.each([
    ['nhs_number', { nhs_number: '9434765918' }],
    ['nhs_number', { nhs_number: 9434765919 }],
    ['nhs_number', { nhs_number: '943 476 5919' }],
    ['identity_proofing_level', { identity_proofing_level: 'P7' }],
    ['identity_proofing_level', { identity_proofing_level: ['P9'] }],
    ['identity_proofing_level', { identity_proofing_level: 'constructor' }],
    ['birthdate', { birthdate: '1985-02-30' }],
    ['birthdate', { birthdate: '0000-03-14' }],
    ['birthdate', { birthdate: '14/03/1985' }],
    ['family_name', { family_name: 'Ngata\u0000' }],
    ['family_name', { family_name: 'N'.repeat(201) }],
    ['family_name', { family_name: { text: 'Ngata' } }],
  ])('a wrong %s: nothing is believed', (claim, change) => {
    const found = fault('nhs-login', idToken, { ...userinfo, ...change });
    expect(found).toMatch(new RegExp(`^${claim} `));
    // It goes into the log.
    expect(found).not.toContain(String(Object.values(change)[0]));
  });

  test.each(['true', 1, 'yes', null, undefined])('email_verified %j is not true', (verified) => {
    const claims = { ...userinfo, email_verified: verified };
    expect(told('nhs-login', idToken, claims).email).toBeUndefined();
  });

  test('where the two sets of claims differ, the signed one holds', () => {
    const claims = { ...idToken, identity_proofing_level: 'P0' };
    expect(told('nhs-login', claims, userinfo).identityLevel).toBe('low');
  });
});

describe('CIS2 (spine-jwt.md section 11.2)', () => {
  const idToken = {
    sub: '100000000101',
    acr: 'AAL3_ANY',
    amr: ['N3_SMARTCARD'],
    id_assurance_level: 3,
    authentication_assurance_level: 3,
    selected_roleid: '100000000202',
  };
  const nurse = {
    org_code: 'ZZ800',
    person_orgid: '100000000303',
    person_roleid: '100000000202',
    role_code: 'S8000:G8000:R8001',
    role_name: '"Clinical":"Clinical Provision":"Nurse Access Role"',
    activity_codes: ['B0570'],
  };
  const clerk = {
    org_code: 'ZZ801',
    person_roleid: '100000000203',
    role_code: 'S8000:G8001:R8010',
    role_name: '"Admin & Clerical":"Clerical"',
  };
  const userinfo = {
    sub: '100000000101',
    nhsid_useruid: '100000000101',
    name: 'Priya Shah',
    family_name: 'Shah',
    given_name: 'Priya',
    title: 'Dr',
    idassurancelevel: '3',
    nhsid_nrbac_roles: [nurse, clerk],
  };
  const asNurse = {
    roleProfile: '100000000202',
    odsCode: 'ZZ800',
    jobRole: 'R8001',
    name: 'Nurse Access Role',
  };

  test('says who works where as what; of several roles the selected one alone', () => {
    expect(told('cis2', idToken, userinfo)).toMatchObject({
      name: 'Priya Shah',
      identityLevel: 'high',
      acr: '3',
      amr: ['hwk', 'user', 'mfa'],
      professional: {
        sdsUser: '100000000101',
        family: 'Shah',
        given: ['Priya'],
        prefix: ['Dr'],
        roles: [asNurse],
      },
    });
  });

  test('where none was selected, all her roles', () => {
    const { selected_roleid: _, ...unselected } = idToken;
    expect(told('cis2', unselected, userinfo).professional?.roles).toEqual([
      asNurse,
      { roleProfile: '100000000203', odsCode: 'ZZ801', jobRole: 'R8010', name: 'Clerical' },
    ]);
  });

  test('somebody without a role has none', () => {
    const { nhsid_nrbac_roles: _, ...none } = userinfo;
    const { selected_roleid: __, ...unselected } = idToken;
    expect(told('cis2', unselected, none).professional?.roles).toEqual([]);
  });

  test.each([
    [1, '1'],
    [2, '2'],
    [3, '3'],
    ['3', '3'],
    [4, '1'],
    [undefined, '1'],
  ])('authentication level %s counts as acr %s', (level, acr) => {
    const claims = { ...idToken, authentication_assurance_level: level };
    expect(told('cis2', claims, userinfo).acr).toBe(acr);
  });

  test.each([
    ['selected_roleid', { selected_roleid: '100000000299' }, {}],
    ['selected_roleid', { selected_roleid: 100000000202 }, {}],
    ['nhsid_useruid', {}, { nhsid_useruid: 'UNK' }],
    ['family_name', {}, { family_name: undefined }],
    ['nhsid_nrbac_roles', {}, { nhsid_nrbac_roles: nurse }],
    ['nhsid_nrbac_roles', {}, { nhsid_nrbac_roles: [nurse, nurse] }],
    ['nhsid_nrbac_roles', {}, { nhsid_nrbac_roles: ['R8001'] }],
    ['nhsid_nrbac_roles.org_code', {}, { nhsid_nrbac_roles: [nurse, { ...clerk, org_code: 'zz801' }] }],
    ['nhsid_nrbac_roles.role_code', {}, { nhsid_nrbac_roles: [{ ...nurse, role_code: 'S8000:G8000' }] }],
    ['nhsid_nrbac_roles.person_roleid', {}, { nhsid_nrbac_roles: [{ ...nurse, person_roleid: '' }] }],
    ['id_assurance_level', { id_assurance_level: 5 }, {}],
  ])('a wrong %s: nothing is believed', (claim, ofToken, ofUserinfo) => {
    expect(fault('cis2', { ...idToken, ...ofToken }, { ...userinfo, ...ofUserinfo })).toContain(`${claim} `);
  });
});

describe('My Health Account', () => {
  test.each(['ZZZ0008', 'ZZZ00AC'])('an NHI (%s) is taken with its level', (nhi) => {
    expect(told('my-health-account', { sub: 'm1', nhi, identity_level: '3N' })).toMatchObject({
      identityLevel: 'high',
      identifiers: [{ system: 'https://standards.digital.health.nz/ns/nhi-id', value: nhi }],
      acr: '1',
    });
  });

  test('an NHI with a wrong check digit is refused', () => {
    expect(fault('my-health-account', { sub: 'm1', nhi: 'ZZZ0009' })).toMatch(/^nhi /);
  });
});

test.each([undefined, '', 7, 'a'.repeat(256), 'naïve', 'a\nb'])('sub %j is nobody', (sub) => {
  expect(fault('nhs-login', { sub })).toMatch(/^sub /);
});

test('of several values of a claim the highest counts, and none that is not in the settings', () => {
  const settings = {
    ...source('my-health-account'),
    assurance: {
      claim: 'amr',
      values: { pwd: { acr: '1' as const, amr: ['pwd'] }, otp: { acr: '2' as const, amr: ['otp', 'mfa'] } },
    },
  };
  const read = (amr: unknown) => readClaims(settings, { sub: 'm1', amr });
  expect(read(['pwd', 'otp', 'fido'])).toMatchObject({ told: { acr: '2', amr: ['otp', 'mfa'] } });
  expect(read(['pwd'])).toMatchObject({ told: { acr: '1', amr: ['pwd'] } });
  expect(read({ otp: true })).toMatchObject({ told: { acr: '1', amr: ['fed'] } });
});
