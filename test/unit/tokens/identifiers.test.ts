import { describe, expect, test } from 'vitest';
import {
  identifierString,
  isAsid,
  isLocalSystem,
  isOdsCode,
  isSdsRoleProfileId,
  isSdsUserId,
  isUserIdentifier,
  namingSystems,
  UNKNOWN,
} from '../../../src/tokens/index.ts';

test('naming systems, letter by letter', () => {
  expect(namingSystems).toStrictEqual({
    accreditedSystem: 'https://fhir.nhs.uk/Id/accredited-system',
    odsOrganization: 'https://fhir.nhs.uk/Id/ods-organization-code',
    sdsUser: 'https://fhir.nhs.uk/Id/sds-user-id',
    sdsRoleProfile: 'https://fhir.nhs.uk/Id/sds-role-profile-id',
    nhsNumber: 'https://fhir.nhs.uk/Id/nhs-number',
    spineNhsNumber: 'http://fhir.nhs.net/Id/nhs-number',
    nhi: 'https://standards.digital.health.nz/ns/nhi-id',
    hpiPerson: 'https://standards.digital.health.nz/ns/hpi-person-id',
    hpiOrganisation: 'https://standards.digital.health.nz/ns/hpi-organisation-id',
    hpiFacility: 'https://standards.digital.health.nz/ns/hpi-facility-id',
  });
  expect(UNKNOWN).toBe('UNK');
});

test('identifierString puts one pipe between system and value', () => {
  expect(identifierString(namingSystems.odsOrganization, 'ZZ800')).toBe(
    'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  );
});

test.each([
  ['', '1'],
  ['https://a.example', ''],
  ['https://a.example', 'a|b'],
  ['https://a.example|b', 'a'],
  ['https://a.example', 'a b'],
  ['https://a.example', 'a\n'],
  ['https://a.example', 'ā'],
  ['a.example', '1'],
  [' https://a.example', '1'],
  ['https://a.example', '1'.repeat(255)],
])('identifierString refuses %j and %j', (system, value) => {
  expect(() => identifierString(system, value)).toThrow(TypeError);
});

describe('shapes', () => {
  test.each(['200000990800', '1', '9'.repeat(18)])('ASID %s', (text) => expect(isAsid(text)).toBe(true));
  test.each(['', '9'.repeat(19), '2000x', ' 200', '200\n', '-1', '1.0', '٢٠٠', '1\u0000'])(
    'no ASID %j',
    (text) => expect(isAsid(text)).toBe(false),
  );

  test.each(['ZZ800', 'A81', 'ABCD1234'])('ODS code %s', (text) => expect(isOdsCode(text)).toBe(true));
  test.each(['', 'ZZ', 'ABCD12345', 'zz800', 'ZZ 80', 'ZZ-80', 'ZZ800\n', 'ZZÉ00'])(
    'no ODS code %j',
    (text) => expect(isOdsCode(text)).toBe(false),
  );

  test.each(['100000000101', '1', '1000000002021', '100000000202123', '9'.repeat(18)])(
    'SDS user id and role profile id %s',
    (text) => {
      expect(isSdsUserId(text)).toBe(true);
      expect(isSdsRoleProfileId(text)).toBe(true);
    },
  );
  test.each(['', 'UNK', 'unk', '9'.repeat(19), '10000000010x', '1000 0000', '100000000101\n', '-1', '١٢'])(
    'no SDS id %j',
    (text) => {
      expect(isSdsUserId(text)).toBe(false);
      expect(isSdsRoleProfileId(text)).toBe(false);
    },
  );
});

describe('isUserIdentifier', () => {
  test.each([
    ['https://fhir.nhs.uk/Id/sds-role-profile-id', '100000000202'],
    ['https://fernhill.example/Id/user-guid', 'a7d1c2f0'],
    ['http://localhost:8080', 'ada'],
    ['urn:oid:1.2.3', 'FERNHILL\\ada'],
    ['https://fernhill.example/Id/user', 'user-4711'],
    ['https://fernhill.example/Id/user', 'ada.ward'],
  ])('%s %s', (system, value) => expect(isUserIdentifier({ system, value })).toBe(true));

  test.each([
    ['https://fhir.nhs.uk/Id/sds-role-profile-id', '10000000020x'],
    ['http://fhir.nhs.uk/Id/sds-role-profile-id', '100000000202'],
    ['https://fhir.nhs.uk/Id/accredited-system', '200000990800'],
    ['https://FHIR.nhs.uk/Id/accredited-system', '200000990800'],
    ['https://fhir.nhs.uk:443/Id/accredited-system', '200000990800'],
    ['https://fhir.nhs.uk', '200000990800'],
    ['http://fhir.nhs.net/Id/nhs-number', '9990001014'],
    ['https://fernhill.example/Id/user', ''],
    ['https://fernhill.example/Id/user', 'a|b'],
    ['https://fernhill.example/Id/user', 'ward staff'],
    ['https://fernhill.example/Id/user|x', 'a'],
    ['https://fernhill.example/Id/user', 'a\n'],
    ['https://fernhill.example/Id/user', 'a'.repeat(250)],
    ['https://fernhill.example/Id/user', 'SYSTEM_USER'],
    ['https://fernhill.example/Id/user', 'admin@fernhill.example'],
    ['https://fhir.nhs.uk/Id/sds-role-profile-id', 'UNK'],
    ['https://fhir.nhs.uk/Id/sds-user-id', '100000000101'],
    ['urn:oid:1.2.826.0.1285.0.2.0.65', '100000000101'],
    ['fernhill', 'a'],
    ['', ''],
  ])('no user: %j %j', (system, value) => expect(isUserIdentifier({ system, value })).toBe(false));
});

describe('isLocalSystem', () => {
  test.each([
    'https://fernhill.example/Id/user-guid',
    'http://localhost:8080',
    'urn:oid:1.2.826.0.12851',
    'urn:uuid:3f0c2b1e-7a0d-4c55-8f2e-0d5f2f1f9a10',
    'https://fhir.nhs.uk.fernhill.example/Id',
  ])('%s', (uri) => expect(isLocalSystem(uri)).toBe(true));

  test.each([
    ...Object.values(namingSystems).filter((uri) => uri.includes('fhir.nhs.')),
    'https://fhir.nhs.uk',
    'http://fhir.nhs.net:80/x',
    'https://FHIR.nhs.uk/Id/sds-user-id',
    'https://a@fhir.nhs.uk/Id/sds-user-id',
    'urn:oid:1.2.826.0.1285',
    'urn:oid:1.2.826.0.1285.0.2.0.67',
    'urn:oid:2.16.840.1.113883.2.1.4.3',
    'URN:oid:2.16.840.1.113883.2.1.4.3',
    'ftp://fernhill.example/Id',
    'fernhill',
    'https://fernhill.example/Id user',
    'https://fernhill.example/Id|user',
    'https://fernhill.example/Id\n',
    `https://fernhill.example/${'a'.repeat(200)}`,
    '',
  ])('not %j', (uri) => expect(isLocalSystem(uri)).toBe(false));
});
