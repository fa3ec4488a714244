import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { ask, expectAsked, expectPage, expectRedirect, state } from './answers.ts';
import { addressOf, push } from './pushing.ts';

/** Requests inside requests: not offered, never fetched, and without effect (AZ-08). */

let server: TestServer;
let issuer: string;
let bait: Server;
let baitUrl: string;
/** Connections that somebody opened to the server of the attacker. */
let connections = 0;

beforeAll(async () => {
  bait = createServer((_request, response) => response.end('{}'));
  bait.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve));
  baitUrl = `http://127.0.0.1:${(bait.address() as AddressInfo).port}/request.jwt`;
  server = await startServer({ OUTGOING_ALLOW: new URL(baitUrl).host });
  issuer = server.issuer;
});

beforeEach(() => {
  connections = 0;
});

afterAll(async () => {
  await server.close();
  bait.closeAllConnections();
  await new Promise((resolve) => bait.close(resolve));
});

const claims = () => ({
  client_id: 'kete-web',
  iss: 'kete-web',
  aud: issuer,
  redirect_uri: 'https://evil.example.test/cb',
  scope: 'openid system/*.rs',
});

const objects: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['without a signature', () => new UnsecuredJWT(claims()).encode()],
  [
    'signed with the secret of the client',
    () =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode('demo-secret-kete-web')),
  ],
  ['that is none', () => 'not.a.jwt'],
  ['that is encrypted', () => 'a.b.c.d.e'],
];

describe('AZ-08 a request object', () => {
  test.for(objects)('%s is refused', async ([, make]) => {
    const page = await ask(server, { request: await make(), state });
    const error = ['request_not_supported', 'invalid_request_object'];
    expectRedirect(page, { issuer, error, state });
  });

  test.for(objects)('%s is refused when it is pushed', async ([, make]) => {
    const { status, body } = await push(server, { request: await make() });
    expect(status).toBe(400);
    expect(['request_not_supported', 'invalid_request_object']).toContain(body.error);
  });

  test('does not make an unregistered address certain', async () => {
    const request = new UnsecuredJWT(claims()).encode();
    const page = await ask(server, { request, redirect_uri: 'https://evil.example.test/cb' });
    expect(page).toMatchObject({ status: 400, location: undefined });
    expectPage(await ask(server, { request, redirect_uri: undefined }), 'request_not_supported');
  });

  test('that is empty counts as left out', async () => {
    expectAsked(await ask(server, {}, [['request', '']]), issuer);
  });
});

describe('AZ-08 a request_uri', () => {
  const refused = ['request_uri_not_supported', 'invalid_request_uri', 'invalid_request'];

  test('of an attacker is refused, and nobody is asked', async () => {
    for (const uri of [baitUrl, `${baitUrl}#hash`, `${issuer}/demo`, 'file:///etc/passwd', 'data:,x']) {
      expectRedirect(await ask(server, { request_uri: uri, state }), { issuer, error: refused, state });
    }
    expect(connections).toBe(0);
  });

  test('of an attacker is refused when it is pushed, and nobody is asked', async () => {
    const { status, body } = await push(server, { request_uri: baitUrl });
    expect(status).toBe(400);
    expect(refused).toContain(body.error);
    expect(connections).toBe(0);
  });

  test('of an attacker behind our own prefix is refused, and nobody is asked', async () => {
    const url = addressOf(issuer, `urn:ietf:params:oauth:request_uri:${baitUrl}`);
    const answer = await fetch(url, { redirect: 'manual', headers: { Accept: 'text/html' } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(connections).toBe(0);
  });

  test('together with a request object is refused', async () => {
    const page = await ask(server, { request: 'x', request_uri: baitUrl, state });
    expectRedirect(page, { issuer, error: [...refused, 'request_not_supported'], state });
  });
});

test.for([
  ['registration', '{"redirect_uris":["https://evil.example.test/"]}'],
  ['registration', 'x'],
] as const)('AZ-08 %s of a client inside a request is refused: %s', async ([name, value]) => {
  const page = await ask(server, { [name]: value, state });
  expectRedirect(page, { issuer, error: ['registration_not_supported', 'invalid_request'], state });
});

test('AZ-08 nothing of that is advertised', async () => {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  const document = (await response.json()) as Record<string, unknown>;
  expect(document.request_parameter_supported ?? false).toBe(false);
  expect(document.request_uri_parameter_supported).toBe(false);
});
