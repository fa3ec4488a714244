import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { ask, type Change, expectAsked, expectPage } from './answers.ts';

/** Who asks: an authorisation request goes nowhere before its client is certain (AZ-01). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: 'no-people',
    client_secret: 'secret-of-a-client-without-people',
    grant_types: ['client_credentials'],
    apis: { 'demo-fhir': 'system/Patient.rs' },
  });
});

afterAll(() => server.close());

const evil = 'https://evil.example.test/cb';

const strangers: readonly (readonly [string, string | undefined, string])[] = [
  ['no client_id', undefined, 'invalid_request'],
  ['an empty client_id', '', 'invalid_request'],
  ['an unknown client_id', 'nobody', 'invalid_client'],
  ['a client_id in capitals', 'KETE-WEB', 'invalid_client'],
  ['a client_id with a space behind', 'kete-web ', 'invalid_client'],
  ['a client_id that no client could have', "' OR 1=1 --", 'invalid_client'],
  ['the name of a prototype', '__proto__', 'invalid_client'],
  ['a client_id without end', 'x'.repeat(5000), 'invalid_client'],
  ['a client_id with half a surrogate pair', '\ud800', 'invalid_client'],
];

describe('AZ-01 a request with', () => {
  test('the client_id of a registered client goes on', async () => {
    expectAsked(await ask(server), server.issuer);
  });

  test.for(strangers)('%s ends on a page', async ([, clientId, error]) => {
    expectPage(await ask(server, { client_id: clientId }), error);
  });

  test.for(strangers)('%s and an address of its own ends on a page', async ([, clientId, error]) => {
    const page = await ask(server, { client_id: clientId, redirect_uri: evil });
    expectPage(page, error);
    expect(page.html).not.toContain('evil.example.test');
  });

  test.for(strangers)('%s ends on a page when nobody may be asked, too', async ([, clientId, error]) => {
    expectPage(await ask(server, { client_id: clientId, prompt: 'none' }), error);
  });
});

test.for<[string, Change]>([
  ['its own credentials grant only', { client_id: 'no-people' }],
  ['introspection only', { client_id: 'demo-fhir-server' }],
])('AZ-01 a client that is registered for %s leads nowhere', async ([, change]) => {
  expectPage(await ask(server, change), 'invalid_redirect_uri');
  expectPage(await ask(server, { ...change, redirect_uri: undefined }), 'invalid_request');
});

test('AZ-01 a client that lost the code grant leads nowhere within a second', async () => {
  const registration = {
    client_id: 'was-for-people',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: ['https://app.example.test/cb'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  const request = {
    client_id: 'was-for-people',
    redirect_uri: 'https://app.example.test/cb',
    scope: 'launch/patient patient/*.rs',
  };
  await register(server, registration);
  expectAsked(await ask(server, request), server.issuer);
  await register(server, { ...registration, grant_types: [], redirect_uris: undefined });
  expectPage(await ask(server, request), 'invalid_redirect_uri');
});
