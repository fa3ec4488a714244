import { describe, expect, test } from 'vitest';
import {
  identifierString,
  isAsid,
  isNhsNumber,
  isOdsCode,
  isUserIdentifier,
  namingSystems,
} from '../../../src/tokens/index.ts';

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

  test.each(['9990001014', '0000000000'])('NHS number %s', (text) => expect(isNhsNumber(text)).toBe(true));
  test.each(['', '999000101', '99900010144', '999 000 1014', '999000101x', '9990001014\n'])(
    'no NHS number %j',
    (text) => expect(isNhsNumber(text)).toBe(false),
  );
});

describe('isUserIdentifier', () => {
  test.each([
    ['https://fhir.nhs.uk/Id/sds-role-profile-id', '100000000202'],
    ['https://fernhill.example/Id/user-guid', 'a7d1c2f0'],
    ['http://localhost:8080', 'ada'],
    ['urn:oid:1.2.3', 'FERNHILL\\ada'],
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
    ['fernhill', 'a'],
    ['', ''],
  ])('no user: %j %j', (system, value) => expect(isUserIdentifier({ system, value })).toBe(false));
});
