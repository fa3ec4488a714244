import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, createVisitor, exchangeForm, formTo } from '../../support/visitor.ts';

/** Addresses in a registration that Assent shows, or does not know: it calls none of them. */

let server: TestServer;
/** Stands for everything inside, and counts who connects. */
let inside: Server;
let connections = 0;

beforeAll(async () => {
  server = await startServer();
  inside = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await server.close();
  await new Promise((resolve) => inside.close(resolve));
});

test('AD-04 from registration to signing out, no address of a client is called', async () => {
  const { port } = inside.address() as AddressInfo;
  const address = (name: string) => `https://127.0.0.1:${port}/${name}`;
  const secret = 'a-secret-of-the-caller-that-is-long-enough';
  await register(server, {
    client_id: 'caller',
    client_name: 'Caller',
    client_secret: secret,
    client_uri: address('client_uri'),
    logo_uri: address('logo_uri'),
    policy_uri: address('policy_uri'),
    tos_uri: address('tos_uri'),
    initiate_login_uri: address('initiate_login_uri'),
    // What this server does not offer.
    sector_identifier_uri: address('sector_identifier_uri'),
    backchannel_logout_uri: address('backchannel_logout_uri'),
    backchannel_client_notification_endpoint: address('backchannel_client_notification_endpoint'),
    frontchannel_logout_uri: address('frontchannel_logout_uri'),
    request_uris: [address('request_uris')],
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://caller.example.test/cb'],
    post_logout_redirect_uris: [address('bye')],
    organization: 'kete',
    apis: { 'demo-fhir': 'openid launch/patient patient/*.rs' },
  });
  const visitor = createVisitor(server.issuer);
  const change = {
    client_id: 'caller',
    redirect_uri: 'https://caller.example.test/cb',
    scope: 'openid launch/patient patient/Patient.rs',
  };
  const authorised = await authorise(server, { visitor, change });
  const basic = Buffer.from(`caller:${secret}`).toString('base64');
  const exchanged = await send(server, form(exchangeForm(authorised), { Authorization: `Basic ${basic}` }));
  expect(exchanged.status).toBe(200);
  const { id_token: hint = '' } = JSON.parse(exchanged.body) as { id_token?: string };
  const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: address('bye') });
  const question = await visitor.get(`${server.issuer}/session/end?${query}`);
  const { action, fields } = formTo(question, '/session/end/confirm');
  // The browser is sent there, and nobody else goes.
  expect((await visitor.post(action, [...fields, ['logout', 'yes']])).location).toContain(address('bye'));
  expect(connections).toBe(0);
});
