import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { form, send } from '../../support/fixtures.ts';
import { assertUser, drShah, gpConnect, millbrookRole, userContext } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { newKey } from '../token-endpoint/key-source.ts';
import { expectErrorAnswer, tally } from '../token-endpoint/refusals.ts';
import { jwtBearer } from './assertions.ts';

/** The demo world's clinic, which proves who it is with the key with which it signs whom it has signed in. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const now = () => Math.floor(Date.now() / 1000);
const ods = 'https://fhir.nhs.uk/Id/ods-organization-code';

const called = (id: string, change: Readonly<Record<string, unknown>> = {}) => ({
  sub: id,
  requesting_practitioner: drShah({ id, ...change }),
});

const faults: readonly (readonly [story: string, claims: () => Parameters<typeof userContext>[1]])[] = [
  [
    'for another organisation',
    () => ({
      requesting_organization: {
        resourceType: 'Organization',
        identifier: [{ system: ods, value: 'ZZ901' }],
        name: 'Millbrook Surgery',
      },
    }),
  ],
  [
    'in a role at another organisation',
    () => ({
      requesting_practitioner: drShah({
        identifier: (drShah().identifier as { value: string }[]).map((one, index) =>
          index === 1 ? { ...one, value: millbrookRole } : one,
        ),
      }),
    }),
  ],
  ['about a system', () => called('system', { name: [{ family: 'System' }] })],
  ['about a group', () => called('pr-priya', { name: [{ family: 'Staff', given: ['Ward'] }] })],
  ['about itself', () => called('gp-clinic')],
  ['about somebody without a name', () => called('pr-priya', { name: undefined })],
  ['whose sub is not the practitioner', () => ({ sub: 'pr-rangi' })],
  ['that is good for ten minutes', () => ({ exp: now() + 600 })],
  ['that was good for ten minutes', () => ({ iat: now() - 300, exp: now() + 300 })],
  ['for another server', () => ({ aud: 'https://auth.millbrook.example.test' })],
  ['for secondary uses', () => ({ reason_for_request: 'secondaryuses' })],
];

/** Nothing was issued, and of identifiers only that of the client assertion is used up. */
async function expectDenied(
  sent: () => Promise<Awaited<ReturnType<typeof assertUser>>>,
  error = 'invalid_grant',
): Promise<void> {
  const before = await tally(server);
  expectErrorAnswer(await sent(), { status: 400, error, usedAuthorization: false });
  expect(await tally(server)).toEqual({ ...before, guards: before.guards + 1 });
}

describe('the clinic is refused with an assertion', () => {
  test.for(faults)('%s', async ([, claims]) => {
    await expectDenied(async () => assertUser(server, await userContext(server, claims())));
  });

  test('signed with a foreign key', async () => {
    const key = await newKey();
    await expectDenied(async () => assertUser(server, await userContext(server, {}, { key })));
  });

  test('that was used before', async () => {
    const jwt = await userContext(server);
    expect(await assertUser(server, jwt)).toMatchObject({ status: 200 });
    await expectDenied(() => assertUser(server, jwt));
  });

  test('that is also the client assertion of the request', async () => {
    const jwt = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
    const request = { grant_type: jwtBearer, assertion: jwt, scope: 'patient/*.read', ...assertionForm(jwt) };
    await expectDenied(() => send(server, form(request)));
  });
});

test.for(['patient/*.write', 'patient/*.read conf/R', 'organization/*.write', 'conf/N', 'openid'])(
  'the clinic is refused with the scope %s',
  async (scope) => {
    await expectDenied(async () => assertUser(server, await userContext(server), { scope }), 'invalid_scope');
  },
);

test('the clinic is refused when it asks for itself', async () => {
  const change = { grant_type: 'client_credentials', resource: gpConnect };
  const sent = async () => assertUser(server, await userContext(server), change);
  await expectDenied(sent, 'unauthorized_client');
});

test('assertions about the user and of the client may have one jti', async () => {
  const jti = crypto.randomUUID();
  const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer, { jti });
  const before = await tally(server);
  const answer = await assertUser(server, await userContext(server, { jti }), assertionForm(client));
  expect(answer).toMatchObject({ status: 200 });
  expect(await tally(server)).toMatchObject({ guards: before.guards + 2 });
});
