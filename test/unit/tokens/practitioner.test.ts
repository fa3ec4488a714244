import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  practitionerResource,
  type RequestingPractitioner,
  readPractitioner,
} from '../../../src/tokens/index.ts';
import { sayable } from './sayable.ts';

const sdsUser = 'https://fhir.nhs.uk/Id/sds-user-id';
const sdsRoleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const local = 'https://fernhill.example.test/Id/user';
const [a, b, c] = [
  { system: sdsUser, value: '100000000101' },
  { system: sdsRoleProfile, value: '100000000203' },
  { system: local, value: 'priya.shah' },
];
const identifier = [a, b, c];
const shah = { family: 'Shah', given: ['Priya'], prefix: ['Dr'] };
const resource = { resourceType: 'Practitioner', id: 'pr-priya', identifier, name: [shah] };
const priya: RequestingPractitioner = {
  id: 'pr-priya',
  sdsUser: '100000000101',
  sdsRoleProfile: '100000000203',
  local: [c],
  name: shah,
};
const machine = [
  '200000990800',
  'ward-app-07',
  'gp-clinic',
  'ZZ800',
  'Fernhill Ward App',
  'Fernhill Hospital',
];

const read = (change: object) => readPractitioner({ ...resource, ...change }, machine);

/** The fault, which must be there and be fit for an error_description. */
function faultOf(input: unknown): string {
  const result = readPractitioner(input, machine);
  if (!('fault' in result)) throw new Error('a practitioner was read');
  expect(result.fault).toMatch(sayable);
  return result.fault;
}

describe('read', () => {
  test('Dr Shah with her smartcard', () => {
    expect(readPractitioner(resource, machine)).toStrictEqual({ practitioner: priya });
  });
  test('without a smartcard: UNK twice and a local id', () => {
    const unknown = [{ ...a, value: 'UNK' }, { ...b, value: 'UNK' }, c];
    expect(read({ identifier: unknown })).toStrictEqual({
      practitioner: { ...priya, sdsUser: 'UNK', sdsRoleProfile: 'UNK' },
    });
  });
  test('identifiers in any order, several local ones, with a use each', () => {
    const second = { system: 'urn:oid:1.2.3', value: 'FERNHILL\\priya' };
    const mixed = [c, b, second, a].map((one) => ({ ...one, use: 'usual' }));
    expect(read({ identifier: mixed })).toStrictEqual({ practitioner: { ...priya, local: [c, second] } });
  });
  test('a name of the family name alone, and what a token has no place for left out', () => {
    expect(read({ name: [{ family: 'Shah', text: 'Dr P Shah', suffix: ['MRCGP'] }] })).toStrictEqual({
      practitioner: { ...priya, name: { family: 'Shah' } },
    });
  });
  test.each([
    [
      [
        { use: 'old', family: 'Patel' },
        { use: 'official', family: 'Shah' },
      ],
      'Shah',
    ],
    [
      [
        { use: 'official', family: 'Shah' },
        { use: 'usual', family: 'Patel' },
      ],
      'Shah',
    ],
    [[{ use: 'maiden', family: 'Patel' }, { family: 'Shah' }], 'Shah'],
    [
      [
        { use: 'nickname', family: 'Shaz' },
        { use: 'usual', family: 'Shah' },
      ],
      'Shah',
    ],
    [[{ family: 'Shah' }, { family: 'Patel' }], 'Shah'],
  ])('of several names one: %j', (name, family) => {
    expect(read({ name })).toStrictEqual({ practitioner: { ...priya, name: { family } } });
  });
  test.each([
    [['Tom'], 'Ward'],
    [['Sarah', 'Jane'], 'Page'],
    [['Wiremu'], 'Pōtae'],
    [['Na'], 'Guest'],
    [['芳'], '王'],
    [['Aoife'], "O'Brien-Ní Ghallchóir"],
  ])('a real name: %j %s', (given, family) => {
    expect(read({ name: [{ family, given }] })).toStrictEqual({
      practitioner: { ...priya, name: { family, given } },
    });
  });
  test('longer and shorter SDS ids', () => {
    const ids = [{ ...a, value: '1' }, { ...b, value: '100000000202123' }, c];
    expect(read({ identifier: ids })).toMatchObject({
      practitioner: { sdsUser: '1', sdsRoleProfile: '100000000202123' },
    });
  });
});

/** One row for each rule of the practitioner table (GP Connect provenance page). */
describe('3.4, row by row', () => {
  test.each<[string, object, string]>([
    ['resourceType', { resourceType: undefined }, '.resourceType is missing'],
    ['resourceType', { resourceType: 'Patient' }, '.resourceType must be Practitioner'],
    ['resourceType', { resourceType: 'practitioner' }, '.resourceType must be Practitioner'],
    ['id', { id: undefined }, '.id is missing'],
    ['id', { id: null }, '.id must be a text'],
    ['id', { id: 7 }, '.id must be a text'],
    ['id', { id: '' }, '.id must be 1 to 64 letters, digits, hyphens or dots'],
    ['id', { id: 'a'.repeat(65) }, '.id must be 1 to 64 letters, digits, hyphens or dots'],
    ['id', { id: 'pr_priya' }, '.id must be 1 to 64 letters, digits, hyphens or dots'],
    ['id', { id: 'pr-priya\n' }, '.id must be 1 to 64 letters, digits, hyphens or dots'],
    ['name', { name: undefined }, '.name is missing'],
    ['name', { name: [] }, '.name must not be empty'],
    ['name, as in 0.x', { name: shah }, '.name must be an array'],
    ['name', { name: [null] }, '.name[0] must be an object'],
    ['name', { name: ['Dr Shah'] }, '.name[0] must be an object'],
    ['name', { name: Array(11).fill(shah) }, '.name must have at most 10 elements'],
    ['family', { name: [{ given: ['Priya'] }] }, '.name[0].family is missing'],
    ['family', { name: [{ text: 'Dr Priya Shah' }] }, '.name[0].family is missing'],
    ['family', { name: [{ family: '' }] }, '.name[0].family must not be empty'],
    ['family', { name: [{ family: ' ' }] }, '.name[0].family must not be blank'],
    ['family', { name: [{ family: ' Shah' }] }, '.name[0].family must not begin or end with a space'],
    ['family, as in 0.x', { name: [{ family: ['Shah'] }] }, '.name[0].family must be a text'],
    ['family of a second name', { name: [shah, { given: ['Priya'] }] }, '.name[1].family is missing'],
    ['family', { name: [{ family: 'S'.repeat(201) }] }, '.name[0].family is too long'],
    ['given', { name: [{ ...shah, given: 'Priya' }] }, '.name[0].given must be an array'],
    ['given', { name: [{ ...shah, given: [] }] }, '.name[0].given must not be empty'],
    ['given', { name: [{ ...shah, given: [null] }] }, '.name[0].given[0] must be a text'],
    ['prefix', { name: [{ ...shah, prefix: 'Dr' }] }, '.name[0].prefix must be an array'],
    ['suffix', { name: [{ ...shah, suffix: [1] }] }, '.name[0].suffix[0] must be a text'],
    [
      'use of a name',
      { name: [{ ...shah, use: 'anonymous' }] },
      '.name[0].use must be that of a named person',
    ],
    ['identifier', { identifier: undefined }, '.identifier is missing'],
    ['identifier', { identifier: a }, '.identifier must be an array'],
    ['identifier', { identifier: [] }, '.identifier must not be empty'],
    ['identifier', { identifier: Array(11).fill(c) }, '.identifier must have at most 10 elements'],
    ['identifier', { identifier: [a, b, { value: 'x' }] }, '.identifier[2].system is missing'],
    ['identifier', { identifier: [a, b, { system: local }] }, '.identifier[2].value is missing'],
    ['identifier', { identifier: [a, { ...b, value: 100 }, c] }, '.identifier[1].value must be a text'],
    ['identifier', { identifier: [a, b, { ...c, value: ' ' }] }, '.identifier[2].value must not be blank'],
    [
      'identifier',
      { identifier: [a, b, { ...c, system: 'users' }] },
      '.identifier[2].system must be an absolute URI',
    ],
    [
      'identifier',
      { identifier: [a, b, { ...c, use: 'work' }] },
      '.identifier[2].use must be a code of FHIR',
    ],
    ['identifier A missing', { identifier: [b, c] }, `.identifier lacks one with the system ${sdsUser}`],
    [
      'identifier B missing',
      { identifier: [a, c] },
      `.identifier lacks one with the system ${sdsRoleProfile}`,
    ],
    [
      'identifier C missing',
      { identifier: [a, b] },
      '.identifier lacks a local one besides the national ones',
    ],
    [
      'identifier A twice',
      { identifier: [a, ...identifier] },
      `.identifier has more than one with the system ${sdsUser}`,
    ],
    [
      'identifier B twice',
      { identifier: [...identifier, b] },
      `.identifier has more than one with the system ${sdsRoleProfile}`,
    ],
    [
      'identifier A',
      { identifier: [{ ...a, value: 'unk' }, b, c] },
      `.identifier must have digits or UNK under ${sdsUser}`,
    ],
    [
      'identifier A',
      { identifier: [{ ...a, value: 'shah' }, b, c] },
      `.identifier must have digits or UNK under ${sdsUser}`,
    ],
    [
      'identifier B',
      { identifier: [a, { ...b, value: 'R8000' }, c] },
      `.identifier must have digits or UNK under ${sdsRoleProfile}`,
    ],
    [
      'identifier B',
      { identifier: [a, { ...b, value: '9'.repeat(19) }, c] },
      `.identifier must have digits or UNK under ${sdsRoleProfile}`,
    ],
    [
      'identifier A over http',
      { identifier: [{ ...a, system: sdsUser.replace('s:', ':') }, b, c] },
      `.identifier lacks one with the system ${sdsUser}`,
    ],
  ])('%s: %j', (_row, change, fault) => {
    expect(faultOf({ ...resource, ...change })).toBe(`requesting_practitioner${fault}`);
  });

  test.each([
    'https://fhir.nhs.uk/Id/accredited-system',
    'https://fhir.nhs.uk/Id/ods-organization-code',
    'https://fhir.nhs.uk/Id/nhs-number',
    'http://fhir.nhs.net/sds-user-id',
    'http://fhir.nhs.uk/Id/sds-user-id',
    'https://fhir.nhs.uk:443/Id/sds-user-id',
    'https://FHIR.nhs.uk/Id/sds-user-id',
    'urn:oid:1.2.826.0.1285.0.2.0.65',
  ])('no local system: %s', (system) => {
    for (const others of [[{ system, value: '100000000101' }], [c, { system, value: '100000000101' }]]) {
      expect(faultOf({ ...resource, identifier: [a, b, ...others] })).toContain('neither sds-user-id');
    }
  });
});

describe('members that the minimal resource has not', () => {
  test.each([
    ...['meta', 'text', 'extension', 'active', 'telecom', 'address', 'gender', 'birthDate', 'photo'],
    ...['qualification', 'communication', 'contained', 'practitionerRole'],
  ])('%s is named', (member) => {
    expect(faultOf({ ...resource, [member]: 'x' })).toBe(
      `requesting_practitioner must not have the member ${member}`,
    );
  });
  test('inside an identifier and a name', () => {
    expect(faultOf({ ...resource, identifier: [a, b, { ...c, period: {} }] })).toBe(
      'requesting_practitioner.identifier[2] must not have the member period',
    );
    expect(faultOf({ ...resource, name: [{ ...shah, period: {} }] })).toBe(
      'requesting_practitioner.name[0] must not have the member period',
    );
  });
  test.each(['nhs_number', 'Priya', '"', '', 'constructor'])(
    'not a word of FHIR, so not repeated: %j',
    (member) => {
      expect(faultOf({ ...resource, [member]: 'x' })).toBe('requesting_practitioner has an unknown member');
    },
  );
  test('__proto__ is a member like any other', () => {
    const json = JSON.stringify(resource).replace('{', '{"__proto__":{"id":"other"},');
    expect(faultOf(JSON.parse(json))).toBe('requesting_practitioner has an unknown member');
  });
});

describe('characters', () => {
  const texts: [string, (text: string) => object][] = [
    ['family', (text) => ({ name: [{ ...shah, family: text }] })],
    ['given', (text) => ({ name: [{ ...shah, given: [text] }] })],
    ['prefix', (text) => ({ name: [{ ...shah, prefix: [text] }] })],
    ['text of a name', (text) => ({ name: [{ ...shah, text }] })],
    ['suffix', (text) => ({ name: [{ ...shah, suffix: [text] }] })],
    ['local id', (text) => ({ identifier: [a, b, { ...c, value: text }] })],
  ];
  describe.each(texts)('%s', (_name, change) => {
    test.each([
      'Shah\u0000',
      'Sh\nah',
      'Shah\u007f',
      'Sh\u0085ah',
      'Sh\u202eah',
      '\u2066Shah',
      'Shah\ud800',
      'Shah ',
    ])('refused: %j', (text) => expect(faultOf({ ...resource, ...change(text) })).toMatch(/ must not /));
    test('two hundred characters are taken, one more is not', () => {
      expect(read(change('ā'.repeat(200)))).toHaveProperty('practitioner');
      expect(faultOf({ ...resource, ...change('ā'.repeat(201)) })).toMatch(/ is too long$/);
    });
  });
});

describe('never a system or group user', () => {
  const person = 'requesting_practitioner must be a person, not a system or group user';
  test.each<[string, object]>([
    ['System User', { name: [{ family: 'User', given: ['System'] }] }],
    ['a title makes no person', { name: [{ family: 'System', prefix: ['Dr'] }] }],
    ['Ward Staff', { name: [{ family: 'Staff', given: ['Ward'] }] }],
    ['Nurse 7', { name: [{ family: '7', given: ['Nurse'] }] }],
    ['UNK', { name: [{ family: 'UNK' }] }],
    ['a dash', { name: [{ family: '-' }] }],
    ['a text says otherwise', { name: [{ family: 'Admin', text: 'Priya Shah' }] }],
    ['one of two names', { name: [shah, { use: 'nickname', family: 'Reception' }] }],
    ['id system', { id: 'system' }],
    ['id ADMIN', { id: 'ADMIN' }],
    ['id system-user', { id: 'system-user' }],
    ['local id SYSTEM_USER', { identifier: [a, b, { ...c, value: 'SYSTEM_USER' }] }],
    ['local id group', { identifier: [a, b, c, { ...c, value: 'group' }] }],
    ['local id FERNHILL\\admin', { identifier: [a, b, { ...c, value: 'FERNHILL\\admin' }] }],
    ['local id UNK', { identifier: [a, b, { ...c, value: 'UNK' }] }],
  ])('%s', (_name, change) => {
    expect(faultOf({ ...resource, ...change })).toBe(person);
  });

  const caller = 'requesting_practitioner must be a person, not the calling system';
  test.each<[string, object]>([
    ['the ASID as SDS user', { identifier: [{ ...a, value: '200000990800' }, b, c] }],
    ['the ASID as role profile', { identifier: [a, { ...b, value: '200000990800' }, c] }],
    ['the ASID as local id', { identifier: [a, b, { ...c, value: '200000990800' }] }],
    ['the device as id', { id: 'ward-app-07' }],
    ['the client as local id', { identifier: [a, b, c, { ...c, value: 'GP-Clinic' }] }],
    ['the organisation as id', { id: 'zz800' }],
    ['the name of the organisation', { name: [{ family: 'Hospital', given: ['Fernhill'] }] }],
    ['the name of the software', { name: [{ family: 'Fernhill Ward App' }] }],
  ])('%s', (_name, change) => {
    expect(faultOf({ ...resource, ...change })).toBe(caller);
  });
});

test.each([null, undefined, true, 7, '', 'Practitioner', [], [resource], JSON.stringify(resource)])(
  'no resource: %j',
  (input) => expect(faultOf(input)).toMatch(/^requesting_practitioner (?:must be an object|is missing)$/),
);

test('whatever is received: a practitioner or a sentence that does not repeat it', () => {
  const secret = fc.constantFrom('Wiremu"Pōtae', 'p4ss\\word', '9990001235');
  const paths = ['id', 'resourceType', 'identifier', 'name', 'other'];
  const value = fc.oneof(
    secret,
    secret.map((text) => [{ system: text, value: text }]),
    secret.map((text) => [{ family: text, [text]: text }]),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...paths), value, (path, received) => {
      const result = read({ [path]: received });
      if (!('fault' in result)) return;
      expect(result.fault).toMatch(sayable);
      expect(result.fault).not.toMatch(/wiremu|p4ss|9990001235/i);
    }),
    { numRuns: 500 },
  );
});

describe('practitionerResource', () => {
  test('members in the order of the published example: A, B, then each C', () => {
    const second = { system: 'urn:oid:1.2.3', value: 'FERNHILL\\priya' };
    const { name, sdsRoleProfile, sdsUser, id } = priya;
    const reversed = { name, local: [c, second], sdsRoleProfile, sdsUser, id };
    expect(JSON.stringify(practitionerResource(reversed))).toBe(
      JSON.stringify({ ...resource, identifier: [a, b, c, second] }),
    );
  });
  test('has no empty members', () => {
    const { name } = practitionerResource({ ...priya, name: { family: 'Shah' } });
    expect(name).toStrictEqual([{ family: 'Shah' }]);
  });
  test('what is written is read as the same', () => {
    expect(readPractitioner(practitionerResource(priya), machine)).toStrictEqual({ practitioner: priya });
  });
});
