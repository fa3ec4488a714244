import { expect, test } from 'vitest';
import { demoUserContext } from '../../../src/demo/index.ts';

const spine = 'https://spine.example.test/raflags/STU3';
const roleSystem = 'https://fhir.nhs.uk/Id/sds-role-profile-id';

const asked = (request: Partial<Parameters<typeof demoUserContext>[0]>) =>
  demoUserContext({
    user: 'priya',
    clientId: 'gp-clinic',
    role: undefined,
    reason: undefined,
    resource: undefined,
    ...request,
  });

/** The role that a system would assert, whichever the form. */
function roleIn(request: Partial<Parameters<typeof demoUserContext>[0]>): string | undefined {
  const practitioner = asked(request)?.requesting_practitioner;
  return practitioner?.identifier.find(({ system }) => system === roleSystem)?.value;
}

test('the hospital says of Dr Shah who she is, with her national and her local identity', () => {
  expect(asked({})).toEqual({
    sub: 'pr-priya',
    reason_for_request: 'directcare',
    requesting_practitioner: {
      resourceType: 'Practitioner',
      id: 'pr-priya',
      identifier: [
        { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: '100000000101' },
        { system: roleSystem, value: '100000000203' },
        { system: 'https://fernhill.example.test/Id/user', value: 'pr-priya' },
      ],
      name: [{ family: 'Shah', given: ['Priya'], prefix: ['Dr'] }],
    },
  });
});

test('who has no title gets none', () => {
  expect(asked({ user: 'rangi' })?.requesting_practitioner?.name).toEqual([
    { family: 'Cooper', given: ['Rangi'] },
  ]);
});

test('for a Spine Core API her role alone says who she is', () => {
  expect(asked({ resource: spine, reason: 'secondaryuses' })).toEqual({
    sub: 'pr-priya',
    reason_for_request: 'secondaryuses',
    requesting_user: `${roleSystem}|100000000203`,
  });
});

test.each(['priya', 'priya@example.test', '100000000101'])('she can be called %s', (user) => {
  expect(asked({ user })?.sub).toBe('pr-priya');
});

test.each(['aroha', 'tama', 'Priya', 'pr-priya', '', 'dev@kete.example'])(
  'nobody in care is called "%s"',
  (user) => {
    expect(asked({ user })).toBeUndefined();
  },
);

test.each([
  ['her role at the hospital', {}, '100000000203'],
  ['her other role there', { role: '100000000204' }, '100000000204'],
  ['her role at the surgery, which the server refuses', { role: '100000000202' }, '100000000202'],
  ['a role of nobody', { role: '999' }, '999'],
  ['the only role, where there is none at the hospital', { user: 'rangi' }, '100000000212'],
  ['her first role, where the client is not of the demo world', { clientId: 'records' }, '100000000202'],
])('the role is %s', (_, request, role) => {
  expect(roleIn(request)).toBe(role);
});
