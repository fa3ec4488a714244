import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { type Answer, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { introspect } from '../../support/visitor.ts';
import { createProofKey, proof } from '../dpop/proof.ts';

/** A system that asks for more than it was given, or for what only people have (SMART Backend Services). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** The clinic, which may read patients and immunisations at the demo FHIR server, and flags at Spine. */
async function ask(
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const jwt = await assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);
  return send(
    server,
    form({ grant_type: 'client_credentials', ...parameters, ...assertionForm(jwt) }, headers),
  );
}

describe('TK-06 a system is refused that asks for', () => {
  test.for<[string, string]>([
    ['a type that it was not given', 'system/Observation.rs'],
    ['all types', 'system/*.rs'],
    ['all types, in the words of version 1', 'system/*.read'],
    ['everything', 'system/*.*'],
    ['more than to read', 'system/Patient.cruds'],
    ['to write, in the words of version 1', 'system/Patient.write'],
    ['one scope too many', 'system/Patient.rs system/Observation.rs'],
    ['a patient’s scope', 'patient/Patient.rs'],
    ['a user’s scope', 'user/Patient.rs'],
    ['an ID token', 'openid'],
    ['an ID token beside what it may have', 'openid system/Patient.rs'],
    ['a refresh token beside what it may have', 'offline_access system/Patient.rs'],
    ['a refresh token while it is online', 'online_access system/Patient.rs'],
    ['whose record', 'launch/patient system/Patient.rs'],
    ['who it is as a FHIR resource', 'fhirUser system/Patient.rs'],
    ['to introspect', 'introspect'],
    ['the administration', 'admin.write'],
    ['scopes of two APIs', 'system/Patient.rs system/Flag.read'],
  ])('%s: invalid_scope', async ([, scope]) => {
    const { status, headers, body } = await ask({ scope });
    expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 400, error: 'invalid_scope' });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('another audience: invalid_target', async () => {
    const { body } = await ask({ scope: 'admin.read', resource: `${server.issuer}/api/admin/v1` });
    expect(JSON.parse(body)).toMatchObject({ error: 'invalid_target' });
  });
});

describe('TK-06 a system that asks for what it may have', () => {
  const expectBare = (answer: Answer, scope: string, type: string) => {
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      access_token: expect.any(String),
      expires_in: expect.any(Number),
      scope,
      token_type: type,
    });
    expect((JSON.parse(answer.body) as { expires_in: number }).expires_in).toBeLessThanOrEqual(300);
  };

  test.for(['system/Patient.rs', 'system/Patient.rs system/Immunization.rs', 'system/Flag.read'])(
    'gets a token for %s, and neither a refresh token nor an ID token',
    async (scope) => {
      expectBare(await ask({ scope }), scope, 'Bearer');
    },
  );

  test('gets no more with what people send: nonce, prompt, a subject, a longer life', async () => {
    const more = {
      nonce: 'n',
      prompt: 'consent',
      access_type: 'offline',
      sub: 'aroha',
      patient: 'p-aroha',
      launch: 'x',
      expires_in: '86400',
      claims: '{"id_token":{"sub":null}}',
      authorization_details: '[]',
    };
    const answer = await ask({ scope: 'system/Patient.rs', ...more });
    expectBare(answer, 'system/Patient.rs', 'Bearer');
    const { access_token: token } = JSON.parse(answer.body) as { access_token: string };
    const found = await introspect(server, token);
    expect(found).toMatchObject({ active: true, client_id: 'clinic-jwt', scope: 'system/Patient.rs' });
    expect(Object.keys(found)).not.toEqual(expect.arrayContaining(['patient']));
    expect(found.sub ?? 'clinic-jwt').toBe('clinic-jwt');
    expect(Number(found.exp) - Number(found.iat)).toBeLessThanOrEqual(300);
  });

  test('gets no more with a proof of possession', async () => {
    const key = await createProofKey();
    const answer = await ask(
      { scope: 'system/Patient.rs' },
      { DPoP: await proof(key, `${server.issuer}/token`) },
    );
    expectBare(answer, 'system/Patient.rs', 'DPoP');
  });
});
