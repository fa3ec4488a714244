import { describe, expect, test } from 'vitest';
import { readOrganization, readOrganizationString, readUser } from '../../../src/tokens/index.ts';
import { sayable } from './sayable.ts';

const ods = 'https://fhir.nhs.uk/Id/ods-organization-code';
const role = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const fernhill = {
  resourceType: 'Organization',
  identifier: [{ system: ods, value: 'ZZ800' }],
  name: 'Fernhill Hospital',
};

/** One row for each rule of the organisation table (GP Connect provenance page). */
describe('readOrganization: 3.3, row by row', () => {
  test.each([
    ['as published', {}],
    ['id, as in 0.x', { id: 'fernhill' }],
    ['another name of ours', { name: 'Fernhill' }],
  ])('%s', (_row, change) => {
    expect(readOrganization({ ...fernhill, ...change })).toStrictEqual({ odsCode: 'ZZ800' });
  });

  test.each<[string, object, string]>([
    ['resourceType', { resourceType: undefined }, '.resourceType is missing'],
    ['resourceType', { resourceType: 'Device' }, '.resourceType must be Organization'],
    ['name', { name: undefined }, '.name is missing'],
    ['name', { name: '' }, '.name must not be empty'],
    ['name', { name: ['Fernhill'] }, '.name must be a text'],
    [
      'name',
      { name: 'Fern\u202ehill' },
      '.name must not contain characters that turn the direction of the text',
    ],
    ['id', { id: 'a b' }, '.id must be 1 to 64 letters, digits, hyphens or dots'],
    ['identifier', { identifier: undefined }, '.identifier is missing'],
    ['identifier', { identifier: fernhill.identifier[0] }, '.identifier must be an array'],
    ['identifier', { identifier: [] }, '.identifier must not be empty'],
    [
      'identifier',
      { identifier: [...fernhill.identifier, ...fernhill.identifier] },
      '.identifier must have one element',
    ],
    ['identifier', { identifier: [{ value: 'ZZ800' }] }, '.identifier[0].system is missing'],
    ['identifier', { identifier: [{ system: ods }] }, '.identifier[0].value is missing'],
    [
      'identifier',
      { identifier: [{ system: ods, value: 'zz800' }] },
      '.identifier[0].value must be an ODS code',
    ],
    ['identifier', { identifier: [{ system: ods, value: 800 }] }, '.identifier[0].value must be a text'],
    [
      'identifier',
      { identifier: [{ system: 'http://fhir.nhs.net/Id/ods-organization-code', value: 'ZZ800' }] },
      `.identifier[0].system must be ${ods}`,
    ],
    ['others', { address: [] }, ' must not have the member address'],
    ['others', { 'ZZ"': [] }, ' has an unknown member'],
  ])('%s: %j', (_row, change, fault) => {
    const result = readOrganization({ ...fernhill, ...change });
    expect(result).toStrictEqual({ fault: `requesting_organization${fault}` });
    expect('fault' in result && result.fault).toMatch(sayable);
  });

  test.each([null, 'ZZ800', `${ods}|ZZ800`, [fernhill]])('the other dialect, or none: %j', (input) => {
    expect(readOrganization(input)).toStrictEqual({ fault: 'requesting_organization must be an object' });
  });
});

describe('readOrganizationString', () => {
  test('URI|value', () => expect(readOrganizationString(`${ods}|ZZ800`)).toStrictEqual({ odsCode: 'ZZ800' }));
  test.each([
    ...[
      undefined,
      null,
      7,
      fernhill,
      [`${ods}|ZZ800`],
      '',
      'ZZ800',
      ods,
      `${ods}|`,
      '|ZZ800',
      `${ods}|zz800`,
    ],
    ...[
      `${ods}/ZZ800`,
      `${ods}||ZZ800`,
      `${ods}|ZZ800|`,
      `${ods}|ZZ800|x`,
      ` ${ods}|ZZ800`,
      `${ods}|ZZ800\n`,
    ],
    ...[
      `${ods.replace('https', 'http')}|ZZ800`,
      `${ods}/|ZZ800`,
      'https://fhir.nhs.uk/Id/accredited-system|ZZ800',
    ],
  ])('refused: %j', (input) => {
    const result = readOrganizationString(input);
    expect(result).toStrictEqual({ fault: `requesting_organization must be ${ods}|<ODS code>` });
    expect('fault' in result && result.fault).toMatch(sayable);
  });
});

describe('readUser', () => {
  const machine = ['200000990800', 'ward-app-07', 'gp-clinic', 'ZZ800'];
  test('a role profile', () => {
    expect(readUser(`${role}|100000000203`, machine)).toStrictEqual({
      user: { system: role, value: '100000000203' },
      sdsRoleProfile: '100000000203',
    });
  });
  test.each([
    ['https://fernhill.example.test/Id/user', 'priya.shah'],
    ['urn:oid:1.2.3', 'FERNHILL\\priya'],
    ['https://fernhill.example.test/Id/user', 'user-4711'],
  ])('a local user: %s %s', (system, value) => {
    expect(readUser(`${system}|${value}`, machine)).toStrictEqual({
      user: { system, value },
      sdsRoleProfile: undefined,
    });
  });

  const form = `requesting_user must be ${role}|<digits> or a local URI|<id of a person>`;
  test.each([
    ...[undefined, null, 7, {}, [`${role}|1`], '', role, `${role}|`, '|1', `${role}|UNK`, `${role}|R8000`],
    ...[`${role}/1`, `${role}||1`, `${role}|1|2`, ` ${role}|1`, `${role}|1\n`, `${role}|1 `, `${role} | 1`],
    ...[
      'https://fhir.nhs.uk/Id/accredited-system|200000990800',
      'https://fhir.nhs.uk/Id/sds-user-id|100000000101',
    ],
    ...['http://fhir.nhs.net/Id/nhs-number|9990001014', `${role.replace('https', 'http')}|100000000203`],
    ...['urn:oid:1.2.826.0.1285.0.2.0.67|100000000203', 'https://fernhill.example.test/Id/user|ward staff'],
    ...[
      'system',
      'SYSTEM_USER',
      'admin',
      'group',
      'default',
      'reception@fernhill.example',
      'FERNHILL\\admin',
    ].map((id) => `https://fernhill.example.test/Id/user|${id}`),
    `https://fernhill.example.test/Id/user|${'a'.repeat(250)}`,
  ])('refused: %j', (input) => expect(readUser(input, machine)).toStrictEqual({ fault: form }));

  const caller = { fault: 'requesting_user must be a person, not the calling system' };
  test.each([
    `${role}|200000990800`,
    ...['200000990800', 'ward-app-07', 'GP-CLINIC', 'ZZ800'].map(
      (id) => `https://fernhill.example.test/Id/user|${id}`,
    ),
  ])('the calling system: %s', (input) => expect(readUser(input, machine)).toStrictEqual(caller));

  test('both sentences are fit for an error_description', () => {
    expect(form).toMatch(sayable);
    expect(caller.fault).toMatch(sayable);
  });
});
