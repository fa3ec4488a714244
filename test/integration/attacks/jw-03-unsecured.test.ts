import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { outcome } from '../../support/exchange.ts';
import { form, send } from '../../support/fixtures.ts';
import { adjustments, drShah, gpConnect } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createVisitor } from '../../support/visitor.ts';
import { ask, expectRedirect, state } from '../authorisation/answers.ts';
import { provingNames, requestTo } from './endpoints.ts';
import { addNotes, expectUseless } from './jwts.ts';

/** The unsigned JWT with which consumers of GP Connect used to say themselves who asks: it opens nothing here. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
});
afterAll(() => server.close());

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

/** As the published pages have it: Dr Shah of Fernhill asks Millbrook for a record. */
const gpClaims = () => ({
  iss: server.issuer,
  sub: 'pr-priya',
  aud: gpConnect,
  iat: now(),
  exp: now() + 300,
  reason_for_request: 'directcare',
  requested_scope: 'patient/*.read',
  requesting_device: {
    resourceType: 'Device',
    identifier: [{ system: 'https://fernhill.example/Id/device', value: 'ward-app-07' }],
    model: 'Fernhill Ward App',
    version: '3.4.1',
  },
  requesting_organization: {
    resourceType: 'Organization',
    identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ZZ800' }],
    name: 'Fernhill Hospital',
  },
  requesting_practitioner: drShah(),
});

const spineClaims = () => ({
  iss: server.issuer,
  sub: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203',
  aud: adjustments,
  iat: now(),
  exp: now() + 300,
  reason_for_request: 'directcare',
  scope: 'user/Flag.read',
  requesting_system: 'https://fhir.nhs.uk/Id/accredited-system|200000990800',
  requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ZZ800',
  requesting_user: 'https://fhir.nhs.uk/Id/sds-role-profile-id|100000000203',
});

const header = { alg: 'none', typ: 'JWT' };
const unsecured = (claims: object, head: object = header) => `${encoded(head)}.${encoded(claims)}.`;

const tokens: readonly (readonly [what: string, make: () => string])[] = [
  ['of GP Connect', () => unsecured(gpClaims())],
  ['of Spine Core', () => unsecured(spineClaims())],
  [
    'of the consumer’s own system as issuer',
    () => unsecured({ ...gpClaims(), iss: 'https://fernhill.example' }),
  ],
  ['that calls itself an access token', () => unsecured(gpClaims(), { alg: 'none', typ: 'at+jwt' })],
  [
    'with client_id and jti, as ours have them',
    () => unsecured({ ...gpClaims(), client_id: 'gp-clinic', jti: 'x' }),
  ],
  ['without its last dot', () => unsecured(gpClaims()).slice(0, -1)],
  ['with something as signature', () => `${unsecured(gpClaims())}AAAA`],
  ['without alg', () => unsecured(gpClaims(), { typ: 'JWT' })],
  ['with alg NONE', () => unsecured(gpClaims(), { alg: 'NONE', typ: 'JWT' })],
  ['with an empty alg', () => unsecured(gpClaims(), { alg: '', typ: 'JWT' })],
];

describe.for(tokens)('JW-03 the unsigned JWT %s', ([, make]) => {
  test('opens nothing as an access token', async () => {
    await expectUseless(server, make());
  });

  test.for(provingNames)('proves nobody at the %s', async (endpoint) => {
    const at = { issuer: server.issuer, clientId: 'gp-clinic' };
    const answer = await send(server, requestTo(endpoint, at, assertionForm(make())));
    expect([400, 401]).toContain(answer.status);
    expect(['invalid_request', 'invalid_client']).toContain(JSON.parse(answer.body).error);
  });

  test('brings no token as an assertion about its user', async () => {
    const client = await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', server.issuer);
    const sent = {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: make(),
      scope: 'patient/*.read',
      ...assertionForm(client),
    };
    expect(outcome(await send(server, form(sent)))).toBe('400 invalid_grant');
  });

  test('is no hint who signs in or out', async () => {
    const page = await ask(server, { id_token_hint: make(), prompt: 'none', state });
    expectRedirect(page, { issuer: server.issuer, error: 'invalid_request', state });
    const query = new URLSearchParams({ id_token_hint: make() });
    const out = await createVisitor(server.issuer).get(`/session/end?${query}`);
    expect({ status: out.status, location: out.location }).toEqual({ status: 400, location: undefined });
  });
});
