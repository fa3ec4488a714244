import { describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { drShah } from '../../support/practitioner.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import { createAssertions, describeRefusals, readerId } from './assertions.ts';

/** Whom an assertion may name: one person, by name, with the identifiers of GP Connect's table (spine-jwt.md section 3.4). */

const assertions = createAssertions();
const { claiming } = assertions;

const sdsUser = 'https://fhir.nhs.uk/Id/sds-user-id';
const sdsRoleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const a = { system: sdsUser, value: '100000000101' };
const b = { system: sdsRoleProfile, value: '100000000203' };
const c = { system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' };
const named = (family: string, ...given: string[]) => ({
  name: [{ family, ...(given.length > 0 && { given }) }],
});

type Change = Readonly<Record<string, unknown>>;

const faults: readonly (readonly [story: string, change: Change])[] = [
  ['without a name', { name: undefined }],
  ['with no names', { name: [] }],
  ['with a name without family', { name: [{ given: ['Priya'] }] }],
  ['with an empty family', named('')],
  ['with a blank family', named(' ')],
  ['with a name as version 0.x has it', { name: { family: ['Shah'] } }],
  ['with a name that turns the direction of the text', named('Shah\u202e')],
  ['with a name with a line break', named('Shah\nAdmin')],
  ['with given names that are no list', { name: [{ family: 'Shah', given: 'Priya' }] }],

  ['called System', named('System')],
  ['called System User', named('User', 'System')],
  ['called SYSTEM01', named('SYSTEM01')],
  ['called Ward Staff', named('Staff', 'Ward')],
  ['called Nurse', named('Nurse')],
  ['called Admin, with a title', { name: [{ family: 'Admin', prefix: ['Dr'] }] }],
  ['called Unknown', named('Unknown', 'Unknown')],
  ['called UNK', named('UNK')],
  ['called ---', named('---')],
  ['called 12345', named('12345')],
  ['called by the hospital’s name', named('Hospital', 'Fernhill')],
  ['called by the organisation code', named('zz800')],
  ['called by the client_id', named(readerId)],
  ['called by the name of the device', named('Records', 'Fernhill')],
  [
    'with a second name that is a group’s',
    { name: [{ family: 'Shah' }, { family: 'Team', given: ['Ward'] }] },
  ],
  ['with an anonymous name', { name: [{ use: 'anonymous', family: 'Shah' }] }],

  ['with a local id SYSTEM', { identifier: [a, b, { ...c, value: 'SYSTEM' }] }],
  ['with a local id of an administrator', { identifier: [a, b, { ...c, value: 'FERNHILL\\admin' }] }],
  [
    'with a local id of a mailbox',
    { identifier: [a, b, { ...c, value: 'reception@fernhill.example.test' }] },
  ],
  ['with the client_id as local id', { identifier: [a, b, { ...c, value: readerId }] }],
  ['with the ASID as local id', { identifier: [a, b, { ...c, value: '200000990800' }] }],
  ['with the device as local id', { identifier: [a, b, { ...c, value: 'records-desk' }] }],
  ['with the ASID as SDS user', { identifier: [{ ...a, value: '200000990800' }, b, c] }],

  ['without identifiers', { identifier: undefined }],
  ['with no identifiers', { identifier: [] }],
  ['without the SDS user (A)', { identifier: [b, c] }],
  ['without the SDS role profile (B)', { identifier: [a, c] }],
  ['without a local id (C)', { identifier: [a, b] }],
  ['with the SDS user twice', { identifier: [a, a, b, c] }],
  ['with two SDS users', { identifier: [a, { ...a, value: '100000000111' }, b, c] }],
  ['with two SDS role profiles', { identifier: [a, b, { ...b, value: '100000000204' }, c] }],
  ['with an SDS user of letters', { identifier: [{ ...a, value: 'pr-priya' }, b, c] }],
  ['with an empty SDS user', { identifier: [{ ...a, value: '' }, b, c] }],
  ['with unk in small letters', { identifier: [{ ...a, value: 'unk' }, b, c] }],
  [
    'with the SDS user of version 0.x',
    { identifier: [{ ...a, system: 'http://fhir.nhs.net/sds-user-id' }, b, c] },
  ],
  ['with UNK as local id', { identifier: [a, b, { ...c, value: 'UNK' }] }],
  [
    'with an NHS number as local id',
    { identifier: [a, b, { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001014' }] },
  ],
  ['with a local id without a system', { identifier: [a, b, { value: 'pr-priya' }] }],
  ['with identifiers as numbers', { identifier: [{ ...a, value: 100000000101 }, b, c] }],

  ['that is a Patient', { resourceType: 'Patient' }],
  ['without resourceType', { resourceType: undefined }],
  ['without id', { id: undefined }],
  ['with an element that FHIR does not know', { zxq: 'zxq' }],
  ['with an element that has no place in a token', { telecom: [{ system: 'phone', value: '0' }] }],
];

/** What stands in the place of the practitioner. */
const others: readonly (readonly [story: string, claims: Change])[] = [
  ['nobody', { requesting_practitioner: undefined }],
  ['null', { requesting_practitioner: null }],
  ['her name', { requesting_practitioner: 'Dr Priya Shah' }],
  ['a list', { requesting_practitioner: [drShah()] }],
  ['the resource as text', { requesting_practitioner: JSON.stringify(drShah()) }],
  [
    'the user of a Spine Core token',
    { requesting_practitioner: undefined, requesting_user: `${sdsRoleProfile}|100000000203` },
  ],
];

const denied = { status: 400, error: 'invalid_grant', deniedTo: readerId } as const;

const refusals: readonly Refusal[] = [
  ...faults.map(
    ([story, change]): Refusal => ({
      story: `a practitioner ${story}`,
      sent: claiming({ requesting_practitioner: drShah(change) }),
      ...denied,
    }),
  ),
  ...others.map(
    ([story, claims]): Refusal => ({
      story: `instead of the practitioner ${story}`,
      sent: claiming(claims),
      ...denied,
    }),
  ),
];

describeRefusals(assertions, refusals);

test('an id of ours is no other person’s, whatever the other identifiers are', async () => {
  const unknown = [{ ...a, value: 'UNK' }, { ...b, value: 'UNK' }, c];
  const ask = async (family: string, given: string) =>
    send(
      assertions.server(),
      await claiming({
        requesting_practitioner: drShah({ identifier: unknown, ...named(family, given) }),
      })(),
    );
  expect(await ask('Shah', 'Priya')).toMatchObject({ status: 200 });
  expect(await ask('Ward', 'Tom')).toMatchObject({ status: 400 });
});

describe('people whose names might be mistaken', () => {
  test.for([
    ['Ward', 'Tom'],
    ['Guest', 'Na'],
    ['Nurse', 'Mereana'],
    ['O’Brien-Ní Ghallchóir', 'Aoife'],
    ['王', '芳'],
    ['Pōtae', 'Wiremu'],
  ] as const)('%s, %s', async ([family, given]) => {
    const unknown = [{ ...a, value: 'UNK' }, { ...b, value: 'UNK' }, c];
    const practitioner = drShah({ id: 'fernhill-4711', identifier: unknown, ...named(family, given) });
    const sent = await claiming({ sub: 'fernhill-4711', requesting_practitioner: practitioner })();
    expect(await send(assertions.server(), sent)).toMatchObject({ status: 200 });
  });
});
