import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchange, introspect } from '../../support/visitor.ts';
import { ask, expectRedirect, state } from './answers.ts';
import { push } from './pushing.ts';

/** What an application may ask for: within its registration and its API, in the words of its API (AZ-07). */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

const refused: readonly (readonly [what: string, scope: string | undefined])[] = [
  ['nothing', undefined],
  ['an empty text', ''],
  ['a system scope', 'system/Patient.rs'],
  ['a system scope beside what it may have', 'openid launch/patient patient/*.rs system/*.read'],
  ['all of all systems', 'system/*.*'],
  ['what a user may see', 'user/Patient.rs'],
  ['to introspect', 'introspect'],
  ['an identity scope that it was not given', 'openid online_access patient/Patient.rs'],
  ['an unknown scope', 'everything'],
  ['an unknown scope beside a good one', 'patient/Patient.rs everything'],
  ['a scope of OpenID Connect that is not offered', 'openid email'],
  ['a scope of another API', 'user/Flag.read'],
  ['a scope of the administration', 'admin.read'],
  ['a type that the API does not have', 'patient/Basic.rs'],
  ['to write', 'patient/Patient.cruds'],
  ['to write, in the words of version 1', 'patient/Patient.write'],
  ['all interactions in the words of version 1', 'patient/Patient.*'],
  ['interactions out of order', 'patient/Patient.sr'],
  ['interactions that nobody knows', 'patient/Patient.x'],
  ['no interaction', 'patient/Patient.'],
  ['a type in small letters', 'patient/patient.rs'],
  ['a level in capitals', 'PATIENT/Patient.rs'],
  ['a modifier of a search', 'patient/Observation.rs?code:in=x'],
  ['a chained search', 'patient/Observation.rs?subject.name=x'],
  ['an empty search', 'patient/Observation.rs?'],
  ['a launch from a record system, which is off', 'launch patient/Patient.rs'],
  ['an encounter, which is off', 'launch/encounter patient/Patient.rs'],
  ['openid in capitals', 'OPENID patient/Patient.rs'],
  ['the name of a prototype', 'openid __proto__'],
  ['two spaces', 'openid  patient/Patient.rs'],
  ['a space in front', ' openid patient/Patient.rs'],
  ['a space behind', 'openid patient/Patient.rs '],
  ['a tab', 'openid\tpatient/Patient.rs'],
  ['a line end', 'openid\npatient/Patient.rs'],
  ['a comma', 'openid,patient/Patient.rs'],
  ['a quotation mark', 'openid "patient/Patient.rs"'],
  ['letters beyond ASCII', 'openid patient/Pätient.rs'],
  ['a scope without end', `patient/${'X'.repeat(5000)}.rs`],
];

describe('AZ-07 a request is refused that asks for', () => {
  test.for(refused)('%s', async ([, scope]) => {
    expectRedirect(await ask(server, { scope, state }), { issuer, error: 'invalid_scope', state });
  });

  test.for(refused)('%s, pushed', async ([, scope]) => {
    const { status, body } = await push(server, { scope });
    expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_scope' });
    expect(body).not.toHaveProperty('request_uri');
  });
});

/** The words of a scope, whose order means nothing (RFC 6749 section 3.3). */
const words = (text: unknown) => String(text).split(' ').toSorted();

const granted: readonly (readonly [what: string, scope: string])[] = [
  [
    'the words of version 2',
    'launch/patient patient/Patient.rs patient/Immunization.s patient/Observation.r',
  ],
  ['the words of version 1', 'launch/patient patient/Patient.read patient/Immunization.read'],
  ['both', 'launch/patient patient/Patient.read patient/Patient.rs patient/Immunization.rs'],
  ['all types', 'launch/patient patient/*.rs'],
  ['all types in the words of version 1', 'launch/patient patient/*.read'],
  ['a search', 'launch/patient patient/Observation.rs?category=laboratory'],
  [
    'a search with a system in it',
    'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
  ],
  ['no launch/patient, which patient scopes imply', 'patient/Patient.rs'],
  ['only who somebody is', 'openid fhirUser profile'],
];

describe('a request is granted, and echoed as it was spelt, that asks in', () => {
  test.for(granted)('%s', async ([, scope]) => {
    const tokens = await exchange(server, await authorise(server, { change: { scope } }));
    const found = await introspect(server, tokens.access_token);
    expect(found.active).toBe(true);
    expect([words(tokens.scope), words(found.scope)]).toEqual([words(scope), words(scope)]);
    expect(tokens.patient).toBe(scope.includes('patient/') ? 'p-aroha' : undefined);
  });

  test('doubles: each stands in the answer once', async () => {
    const scope = 'launch/patient patient/Patient.rs patient/Patient.rs launch/patient';
    const tokens = await exchange(server, await authorise(server, { change: { scope } }));
    expect(words(tokens.scope)).toEqual(words('launch/patient patient/Patient.rs'));
  });
});
