import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { form, type Sent, send } from '../../support/fixtures.ts';
import { clinicalRole, drShah, userContext } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type Asserter, about, asked, jwtBearer, registerAsserter } from './assertions.ts';

/** Who asked, for which organisation and in which role, is in the audit (spine-jwt.md section 9, "Audit record minimum"). */

let server: TestServer;
let reader: Asserter;
let ward: Asserter;

beforeAll(async () => {
  server = await startServer();
  reader = await registerAsserter(server, 'fernhill-records');
  ward = await registerAsserter(server, 'fernhill-ward', {
    apis: { 'reasonable-adjustments': 'user/Flag.read' },
  });
});

afterAll(() => server.close());

/** The one row that the audit has of what was just issued, and the token. */
async function issued(sent: Sent): Promise<{ row: Record<string, unknown>; token: Record<string, unknown> }> {
  const answer = await send(server, sent);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`);
  const token = decodeJwt((JSON.parse(answer.body) as { access_token: string }).access_token);
  const rows = await server.sql('SELECT * FROM audit_events WHERE token_id = $1', [String(token.jti)]);
  expect(rows).toHaveLength(1);
  return { row: { ...rows[0] }, token };
}

const common = {
  type: 'token.issued',
  organization: 'fernhill',
  grant_type: jwtBearer,
  error: null,
  source: expect.stringMatching(/127\.0\.0\.1|::1/),
};

describe('the audit says of a token for an asserted user', () => {
  test('at GP Connect: client, organisation, API, scope, reason, and who', async () => {
    const before = Date.now();
    const { row } = await issued(asked(reader, await about(server, reader)));
    expect(row).toMatchObject({
      ...common,
      client_id: 'fernhill-records',
      api_id: 'gp-connect',
      scope: 'patient/*.read conf/N',
      subject: 'pr-priya',
      detail: {
        reason: 'directcare',
        ...{ asserted: 'pr-priya', sds_user: '100000000101', role_profile: clinicalRole },
      },
    });
    expect((row.at as Date).getTime()).toBeGreaterThanOrEqual(before - 1000);
    expect((row.at as Date).getTime()).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test('at Spine Core the same', async () => {
    const user = `https://fhir.nhs.uk/Id/sds-role-profile-id|${clinicalRole}`;
    const said = { requesting_practitioner: undefined, requesting_user: user };
    const { row } = await issued(asked(ward, await about(server, ward, said), { scope: 'user/Flag.read' }));
    expect(row).toMatchObject({
      ...common,
      client_id: 'fernhill-ward',
      api_id: 'reasonable-adjustments',
      scope: 'user/Flag.read',
      subject: user,
      detail: {
        reason: 'directcare',
        ...{ asserted: 'pr-priya', sds_user: null, role_profile: clinicalRole },
      },
    });
  });

  test('by gp-clinic of the demo world the same', async () => {
    const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
    const sent = form({
      grant_type: jwtBearer,
      assertion: await userContext(server),
      scope: 'patient/*.read',
      ...assertionForm(client),
    });
    const { row } = await issued(sent);
    expect(row).toMatchObject({
      ...common,
      client_id: 'gp-clinic',
      api_id: 'gp-connect',
      subject: 'pr-priya',
    });
  });

  test('without a smartcard that there was none, and the local id', async () => {
    const identifier = (drShah().identifier as { value: string }[]).map((one, index) =>
      index < 2 ? { ...one, value: 'UNK' } : one,
    );
    const said = { requesting_practitioner: drShah({ identifier }) };
    const { row } = await issued(asked(reader, await about(server, reader, said)));
    expect(row).toMatchObject({
      subject: 'pr-priya',
      detail: { asserted: 'pr-priya', sds_user: null, role_profile: null },
    });
  });

  test('at Spine Core without a national role the local id and its system', async () => {
    const user = 'https://fernhill.example.test/Id/user|pr-priya';
    const said = { requesting_practitioner: undefined, requesting_user: user };
    const { row } = await issued(asked(ward, await about(server, ward, said), { scope: 'user/Flag.read' }));
    expect(row).toMatchObject({
      subject: user,
      detail: { asserted: 'pr-priya', sds_user: null, role_profile: null },
    });
  });

  test('never her name, which her identifiers lead to', async () => {
    const { row } = await issued(asked(reader, await about(server, reader)));
    expect(JSON.stringify(row)).not.toMatch(/shah/i);
  });
});

test('of a refusal the audit says who was refused and why, not whom it was about', async () => {
  const said = { requesting_practitioner: drShah({ name: undefined }) };
  await send(server, asked(reader, await about(server, reader, said)));
  const [row] = await server.sql(
    "SELECT * FROM audit_events WHERE type = 'token.denied' ORDER BY at DESC LIMIT 1",
  );
  expect(row).toMatchObject({
    client_id: 'fernhill-records',
    organization: 'fernhill',
    api_id: 'gp-connect',
    grant_type: jwtBearer,
    scope: 'patient/*.read conf/N',
    error: 'invalid_grant',
    subject: null,
    token_id: null,
    detail: { description: 'requesting_practitioner.name is missing' },
  });
});
