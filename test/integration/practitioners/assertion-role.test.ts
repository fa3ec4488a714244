import { describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { clinicalRole, drShah, healthRole, millbrookRole } from '../../support/practitioner.ts';
import type { Refusal } from '../token-endpoint/refusals.ts';
import { about, asked, createAssertions, describeRefusals, readerId } from './assertions.ts';
import { profiles, putStaff, users } from './staff.ts';

/**
 * For which organisation, in which role and why: where our own directory knows better than the system, the system is
 * refused (spine-jwt.md section 13, rules 9 and 10).
 */

const assertions = createAssertions(putStaff);
const { claiming, asking } = assertions;

/** A record with these national identifiers, under the name of the SDS user. */
const as = (user: string, role: string, family = families.get(user) ?? 'Shah') => ({
  sub: `fernhill-${user}-${role}`,
  requesting_practitioner: drShah({
    id: `fernhill-${user}-${role}`,
    identifier: [
      { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: user },
      { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: role },
      { system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' },
    ],
    name: [{ family }],
  }),
});

const families = new Map<string, string>([
  [users.cooper, 'Cooper'],
  [users.okafor, 'Okafor'],
  [users.tane, 'Tane'],
  [users.reid, 'Reid'],
  [users.hale, 'Hale'],
]);

const shah = '100000000101';

const ods = 'https://fhir.nhs.uk/Id/ods-organization-code';
const organization = (odsCode: string, change: Readonly<Record<string, unknown>> = {}) => ({
  requesting_organization: {
    resourceType: 'Organization',
    identifier: [{ system: ods, value: odsCode }],
    name: 'Fernhill Hospital',
    ...change,
  },
});

const claims: readonly (readonly [story: string, claims: Readonly<Record<string, unknown>>])[] = [
  ['in her role at Millbrook', as(shah, millbrookRole)],
  ['without a smartcard in her role at Millbrook', as('UNK', millbrookRole)],
  ['in the role of Rangi Cooper at the desk', as(shah, profiles.desk)],
  ['in the role of Rangi Cooper at Millbrook', as(shah, '100000000212')],
  ['as Rangi Cooper in her own role', as(users.cooper, clinicalRole)],
  ['as somebody whom nobody knows, in her own role', as('100000000199', clinicalRole)],
  ['in her own role without saying that it is she', as('UNK', clinicalRole)],
  ['as Dr Tane, whose account was disabled, in a role that nobody knows', as(users.tane, '100000000299')],
  ['as Dr Okafor, who has no role any more, in one that nobody knows', as(users.okafor, '100000000299')],
  ['as Dr Okafor, who has no role any more, without one', as(users.okafor, 'UNK')],
  ['as Dr Reid, who works at Millbrook alone, in a role that nobody knows', as(users.reid, '100000000299')],
  ['as Dr Reid, who works at Millbrook alone, without a role', as(users.reid, 'UNK')],
  ['in a role that nobody knows', as(shah, '100000000299')],
  ['in her own role under the name of Rangi Cooper', as(shah, clinicalRole, 'Cooper')],
  ['under the name of Rangi Cooper, without saying in which role', as(shah, 'UNK', 'Cooper')],
  ['without a smartcard in her own role under another name', as('UNK', clinicalRole, 'Reid')],
  ['as Dr Okafor in a role that has ended', as(users.okafor, profiles.ended)],
  ['as Dr Tane, whose account was disabled', as(users.tane, profiles.disabled)],

  ['for Millbrook', organization('ZZ901')],
  ['for an organisation that nobody knows', organization('ZZ999')],
  ['for Fernhill in small letters', organization('zz800')],
  [
    'for Fernhill and Millbrook',
    organization('', { identifier: ['ZZ800', 'ZZ901'].map((value) => ({ system: ods, value })) }),
  ],
  ['for an organisation without a code', organization('', { identifier: undefined })],
  ['for an organisation without a name', organization('ZZ800', { name: undefined })],
  ['for a Device', organization('ZZ800', { resourceType: 'Device' })],
  ['for Fernhill, as a Spine Core token says it', { requesting_organization: `${ods}|ZZ800` }],
  ['for null', { requesting_organization: null }],
  ['for no organisation', { requesting_organization: [] }],

  ...[
    'secondaryuses',
    'patientaccess',
    'migration',
    'DirectCare',
    'directcare ',
    'research',
    '',
    'x'.repeat(5000),
  ].map((reason): [string, Readonly<Record<string, unknown>>] => [
    `for the reason "${reason.slice(0, 20)}"`,
    { reason_for_request: reason },
  ]),
  ['for two reasons', { reason_for_request: ['directcare', 'directcare'] }],
  ['for the reason null', { reason_for_request: null }],
];

/** At the desk nobody reads records, in whatever role he says or does not say that he is. */
const aboveCeiling: readonly (readonly [story: string, said: ReturnType<typeof as>, scope: string])[] = [
  ['Rangi Cooper at the desk', as(users.cooper, profiles.desk), 'patient/*.read'],
  ['Rangi Cooper at the desk', as(users.cooper, profiles.desk), 'patient/*.read conf/N'],
  ['Rangi Cooper without a role', as(users.cooper, 'UNK'), 'patient/*.read'],
  ['the nurse Mia Hale in her role at the desk', as(users.hale, profiles.clerk), 'patient/*.read'],
];

const refusals: readonly Refusal[] = [
  ...claims.map(
    ([story, change]): Refusal => ({
      story,
      sent: claiming(change),
      ...{ status: 400, error: 'invalid_grant', deniedTo: readerId },
    }),
  ),
  ...aboveCeiling.map(
    ([story, said, scope]): Refusal => ({
      story: `${story}, with ${scope}`,
      sent: async () => {
        const { server, reader } = assertions;
        return asked(reader(), await about(server(), reader(), said), { scope });
      },
      ...{ status: 400, error: 'invalid_scope', deniedTo: readerId },
    }),
  ),
];

describeRefusals(assertions, refusals);

describe('what nobody contradicts', () => {
  const passing: readonly (readonly [story: string, claims: Readonly<Record<string, unknown>>])[] = [
    ['her other role at Fernhill', as(shah, healthRole)],
    ['her, with her name in other letters', as(shah, clinicalRole, 'SHAH')],
    ['her, with her name in wide letters', as(shah, clinicalRole, 'Ｓｈａｈ')],
    ['her, without saying in which role', as(shah, 'UNK')],
    ['an SDS user and a role that our directory does not know', as('100000000199', '100000000299')],
    ['an SDS user whom our directory does not know, without a role', as('100000000199', 'UNK')],
    ['a role that our directory does not know, without an SDS user', as('UNK', '100000000299')],
    ['nobody in the national directory', as('UNK', 'UNK')],
    ['Mia Hale as a nurse', as(users.hale, profiles.nurse)],
    ['Mia Hale without saying in which of her roles, of which one may', as(users.hale, 'UNK')],
    ['Fernhill', organization('ZZ800')],
    ['Fernhill under another name', organization('ZZ800', { name: 'Fernhill' })],
    ['the reason directcare', { reason_for_request: 'directcare' }],
  ];

  test.for(passing)('%s', async ([, change]) => {
    expect(await send(assertions.server(), await claiming(change)())).toMatchObject({ status: 200 });
  });

  test.for([profiles.desk, 'UNK'])(
    'Rangi Cooper at the desk (%s), with what a receptionist may have',
    async (role) => {
      const { server, reader } = assertions;
      const jwt = await about(server(), reader(), as(users.cooper, role));
      // Refused for its scope it is not used up.
      expect(await send(server(), asked(reader(), jwt))).toMatchObject({ status: 400 });
      expect(
        await send(server(), asked(reader(), jwt, { scope: 'organization/*.read conf/N' })),
      ).toMatchObject({ status: 200 });
    },
  );

  test('a reason among the parameters, which is none of this grant', async () => {
    const answer = await send(assertions.server(), await asking({ reason_for_request: 'secondaryuses' })());
    expect(answer).toMatchObject({ status: 200 });
  });
});
