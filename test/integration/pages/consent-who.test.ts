import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { allow } from '../../support/visitor.ts';
import { beginSignedIn, responseOf } from './steps.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const shared = {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    organization: 'kete',
    apis: { 'demo-fhir': 'openid profile fhirUser launch/patient patient/*.rs user/*.rs' },
  };
  await register(
    server,
    {
      ...shared,
      client_id: 'phone',
      client_name: 'Kete on the phone',
      application_type: 'native',
      redirect_uris: ['test.example.kete:/cb', 'http://127.0.0.1/cb'],
    },
    {
      ...shared,
      client_id: 'nameless',
      redirect_uris: ['https://app.kete.example/cb'],
      organization: undefined,
    },
    {
      ...shared,
      client_id: 'ward',
      client_name: 'Ward',
      redirect_uris: ['https://ward.kete.example:8443/cb?x=1'],
    },
  );
});
afterAll(() => server.close());

const own = { scope: 'openid launch/patient patient/Patient.rs' };

describe('CO-02 who asks, and where it leads', () => {
  test.for([
    ['phone', 'test.example.kete:/cb', 'Kete on the phone', 'test.example.kete'],
    ['phone', 'http://127.0.0.1:51234/cb', 'Kete on the phone', '127.0.0.1:51234'],
    ['nameless', 'https://app.kete.example/cb', 'nameless', 'app.kete.example'],
    ['ward', 'https://ward.kete.example:8443/cb?x=1', 'Ward', 'ward.kete.example:8443'],
  ] as const)('%s by %s', async ([clientId, redirectUri, name, site]) => {
    const change = { ...own, client_id: clientId, redirect_uri: redirectUri, prompt: 'consent' };
    const { visitor, page } = await beginSignedIn(server, { change });
    expect(page.html).toContain(`Do you want to let ${name} use your health record?`);
    expect(page.html).toMatch(new RegExp(`<dd[^>]*>\\s*${site.replaceAll('.', '\\.')}\\s*</dd>`));
    const end = await allow(visitor, page);
    expect(end.location?.startsWith(redirectUri)).toBe(true);
    expect(responseOf(end).has('code')).toBe(true);
  });
});

describe('CO-02 whose record it is about', () => {
  const change = {
    client_id: 'ward',
    redirect_uri: 'https://ward.kete.example:8443/cb?x=1',
    prompt: 'consent',
    scope: 'openid fhirUser user/Patient.rs',
  };

  test('a practitioner who opens records of others is not told that it is her own', async () => {
    const { visitor, page } = await beginSignedIn(server, { change, identifier: 'priya@example.test' });
    expect(page.html).not.toContain('use your health record?');
    expect(page.html).not.toContain('Dr Priya Shah (you)');
    expect(responseOf(await allow(visitor, page)).has('code')).toBe(true);
  });

  test('a practitioner without a record of her own is told so where her own is asked for', async () => {
    const { page } = await beginSignedIn(server, {
      change: { ...change, ...own },
      identifier: 'priya@example.test',
    });
    expect(page.html).toContain('We have no health record for you here');
  });
});
