import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise } from '../../support/visitor.ts';
import { ask, expectAsked, expectPage } from './answers.ts';

/** Applications on the own device: schemes of their own, and the loopback address at whatever port (RU-03, RFC 8252). */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  const shared = {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs' },
  };
  await register(
    server,
    {
      ...shared,
      client_id: 'pocket',
      application_type: 'native',
      redirect_uris: [
        'com.example.pocket:/cb',
        'http://127.0.0.1/cb',
        'http://[::1]:7000/cb?a=b',
        'https://pocket.example.test/cb',
      ],
    },
    {
      ...shared,
      client_id: 'pocket-web',
      redirect_uris: ['http://127.0.0.1:7000/cb', 'https://pocket.example.test/cb'],
    },
  );
});

afterAll(() => server.close());

const request = (clientId: string, uri: string) => ({
  client_id: clientId,
  redirect_uri: uri,
  scope: 'launch/patient patient/Patient.rs',
});

describe('RU-03 an application on the own device', () => {
  test.for([
    'com.example.pocket:/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:1/cb',
    'http://127.0.0.1:51004/cb',
    'http://[::1]:7000/cb?a=b',
    'http://[::1]:65535/cb?a=b',
    'https://pocket.example.test/cb',
  ])('may be sent back to %s', async (uri) => {
    expectAsked(await ask(server, request('pocket', uri)), issuer);
  });

  test('gets its code at the port that it named', async () => {
    const authorised = await authorise(server, { change: request('pocket', 'http://127.0.0.1:51004/cb') });
    expect(authorised.code).toMatch(/^[A-Za-z0-9_-]{40,}$/);
  });

  test.for([
    'http://localhost/cb',
    'http://localhost:51004/cb',
    'http://127.0.0.2:51004/cb',
    'http://127.1:51004/cb',
    'http://2130706433:51004/cb',
    'http://0.0.0.0:51004/cb',
    'http://127.0.0.1.evil.example.test:51004/cb',
    'http://127.0.0.1:51004@evil.example.test/cb',
    'http://evil@127.0.0.1:51004/cb',
    'http://127.0.0.1:51004/cb/',
    'http://127.0.0.1:51004/CB',
    'http://127.0.0.1:51004/cb?a=b',
    'http://127.0.0.1:51004/cb#a',
    'http://127.0.0.1:99999/cb',
    'http://[::1]:7000/cb',
    'http://[::1]:7000/cb?a=c',
    'http://[::2]:7000/cb?a=b',
    'https://127.0.0.1:51004/cb',
    'https://pocket.example.test:51004/cb',
    'com.example.pocket:/cb2',
    'com.example.pocket:///cb',
    'com.example.pocket://cb',
    'com.example.pocket.evil:/cb',
    'COM.EXAMPLE.POCKET:/cb',
  ])('may not be sent back to %s', async (uri) => {
    expectPage(await ask(server, request('pocket', uri)), 'invalid_redirect_uri');
  });
});

describe('RU-03 an application of the web', () => {
  test('may be sent back to the port that it registered, also on the loopback address', async () => {
    expectAsked(await ask(server, request('pocket-web', 'http://127.0.0.1:7000/cb')), issuer);
  });

  test.for(['http://127.0.0.1:7001/cb', 'http://127.0.0.1/cb', 'https://pocket.example.test:443/cb'])(
    'may not be sent back to %s',
    async (uri) => {
      expectPage(await ask(server, request('pocket-web', uri)), 'invalid_redirect_uri');
    },
  );
});
