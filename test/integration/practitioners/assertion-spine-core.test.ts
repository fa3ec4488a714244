import { describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { clinicalRole, millbrookRole } from '../../support/practitioner.ts';
import type { TestServer } from '../../support/server.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import {
  type Asserter,
  about,
  asked,
  type Claims,
  createAssertions,
  describeRefusals,
  registerAsserter,
} from './assertions.ts';
import { profiles, putStaff } from './staff.ts';

/** Assertions for an API of Spine Core, which name their user with one string (spine-jwt.md section 4). */

const wardId = 'fernhill-ward';
const scopes = 'user/Flag.read user/Flag.write system/Flag.read';
let ward: Asserter;

async function prepare(server: TestServer): Promise<void> {
  ward = await registerAsserter(server, wardId, { apis: { 'reasonable-adjustments': scopes } });
  await putStaff(server);
}

const assertions = createAssertions(prepare);

const says =
  (claims: Claims, scope = 'user/Flag.read') =>
  async () => {
    const said = { requesting_practitioner: undefined, ...claims };
    return asked(ward, await about(assertions.server(), ward, said), { scope });
  };

const roleProfile = 'https://fhir.nhs.uk/Id/sds-role-profile-id';
const local = 'https://fernhill.example.test/Id/user';
const own = { requesting_user: `${roleProfile}|${clinicalRole}` };
const ods = 'https://fhir.nhs.uk/Id/ods-organization-code';

/** Whoever `sub` names by a local id, and the user's string says the same. */
const locally = (id: string) => ({ sub: id, requesting_user: `${local}|${id}` });

const faults: readonly (readonly [story: string, claims: Claims])[] = [
  ['nobody', {}],
  ['null', { requesting_user: null }],
  ['an empty text', { requesting_user: '' }],
  ['the practitioner of GP Connect as an object', { requesting_user: { resourceType: 'Practitioner' } }],
  ['two users', { requesting_user: [own.requesting_user, own.requesting_user] }],
  ['a role profile without its system', { requesting_user: clinicalRole }],
  ['a role profile behind a slash', { requesting_user: `${roleProfile}/${clinicalRole}` }],
  ['a role profile behind two pipes', { requesting_user: `${roleProfile}||${clinicalRole}` }],
  ['a role profile with a pipe behind', { requesting_user: `${roleProfile}|${clinicalRole}|` }],
  ['an empty role profile', { requesting_user: `${roleProfile}|` }],
  ['a role profile of letters', { requesting_user: `${roleProfile}|R8000` }],
  ['UNK as role profile', { requesting_user: `${roleProfile}|UNK` }],
  ['a role profile with a line break', { requesting_user: `${roleProfile}|${clinicalRole}\n` }],
  [
    'the role profile’s system in other letters',
    { requesting_user: `${roleProfile.toUpperCase()}|${clinicalRole}` },
  ],
  ['the SDS user', { requesting_user: 'https://fhir.nhs.uk/Id/sds-user-id|100000000101' }],
  ['an NHS number', { requesting_user: 'https://fhir.nhs.uk/Id/nhs-number|9990001014' }],
  ['the calling system', { requesting_user: 'https://fhir.nhs.uk/Id/accredited-system|200000990800' }],
  ['an organisation', { requesting_user: `${ods}|ZZ800` }],
  ['a local id under no URI', { requesting_user: 'fernhill|pr-priya' }],
  ['somebody under our own naming system', { requesting_user: 'OURS/Id/practitioner|pr-priya' }],
  ['somebody under another system of our origin', { requesting_user: 'OURS/users|pr-priya' }],
  ['another local id than sub', { requesting_user: `${local}|pr-rangi` }],
  ['the local id in other letters than sub', { requesting_user: `${local}|PR-PRIYA` }],
  ...[
    'SYSTEM',
    'system-user',
    'admin',
    'ward.staff',
    'reception',
    wardId,
    '200000990800',
    'ZZ800',
    'records-desk',
  ].map((id): [string, Claims] => [`no person (${id})`, locally(id)]),
  ['the ASID as role profile', { requesting_user: `${roleProfile}|200000990800` }],
  ['her role profile, and the system as sub', { ...own, sub: wardId }],
  ['her role profile, and nobody as sub', { ...own, sub: undefined }],
  ['her role profile, and SYSTEM as sub', { ...own, sub: 'SYSTEM' }],

  ['a role that has ended', { requesting_user: `${roleProfile}|${profiles.ended}` }],
  ['the role of a disabled account', { requesting_user: `${roleProfile}|${profiles.disabled}` }],
  ['her role at Millbrook', { requesting_user: `${roleProfile}|${millbrookRole}` }],
  ['her role, for Millbrook', { ...own, requesting_organization: `${ods}|ZZ901` }],
  [
    'her role, for an organisation as version 0.x has it',
    { ...own, requesting_organization: 'http://fhir.nhs.net/Id/ods-organization-code|ZZ800' },
  ],
  [
    'her role, for the organisation as GP Connect says it',
    {
      ...own,
      requesting_organization: {
        resourceType: 'Organization',
        identifier: [{ system: ods, value: 'ZZ800' }],
        name: 'Fernhill Hospital',
      },
    },
  ],
  ...['secondaryuses', 'patientaccess', 'migration', 'anything', ''].map((reason): [string, Claims] => [
    `her role, for the reason "${reason}"`,
    { ...own, reason_for_request: reason },
  ]),
];

const refused = (error: string) => ({ status: 400, error, deniedTo: wardId }) as const;

const refusals: readonly Refusal[] = [
  ...faults.map(
    ([story, claims]): Refusal => ({
      story: `that names ${story}`,
      sent: says(claims),
      ...refused('invalid_grant'),
    }),
  ),
  ...[
    'system/Flag.read',
    'user/Flag.read system/Flag.read',
    'user/Consent.read',
    'user/*.read',
    'patient/*.read',
    'openid',
  ].map(
    (scope): Refusal => ({
      story: `with the scope ${scope}`,
      sent: says(own, scope),
      ...refused('invalid_scope'),
    }),
  ),
  {
    story: 'of the receptionist, who may not write',
    sent: says({ requesting_user: `${roleProfile}|${profiles.desk}` }, 'user/Flag.write'),
    ...refused('invalid_scope'),
  },
];

describeRefusals(assertions, refusals);

describe('what passes', () => {
  const passing: readonly (readonly [story: string, claims: Claims])[] = [
    ['her role, under whatever local id', { ...own, sub: 'DOMAIN\\priya.shah' }],
    ['a local id under a URN', { sub: 'priya@home', requesting_user: 'urn:uuid:a7d1c2f0|priya@home' }],
    ['a local id with a number behind a generic word', locally('nurse-4711')],
    ['the receptionist, who may read', { requesting_user: `${roleProfile}|${profiles.desk}` }],
  ];

  test.for(passing)('%s', async ([, claims]) => {
    expect(await send(assertions.server(), await says(claims)())).toMatchObject({ status: 200 });
  });
});
