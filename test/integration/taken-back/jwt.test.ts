import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, form, register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** A system's JWT: asked about, taken back, asked about again. */

const secret = 'a-secret-of-the-flags-server-itself';
const flagsServer = basic('flags-server', secret);
const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: 'flags-server',
    client_secret: secret,
    grant_types: [],
    organization: 'platform',
    apis: { 'reasonable-adjustments': 'introspect' },
  });
});
afterAll(() => server.close());

async function newToken(): Promise<string> {
  const answer = await server.token({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, [
    'clinic-backend',
    'demo-secret-clinic-backend',
  ]);
  return ((await answer.json()) as { access_token: string }).access_token;
}

const ask = (token: string, headers: Readonly<Record<string, string>> = flagsServer) =>
  send(server, { ...form({ token }, headers), path: '/token/introspection' });

test('a JWT is active, then taken back, then nothing more is said of it', async () => {
  const token = await newToken();
  const before = await ask(token);
  expect(JSON.parse(before.body)).toEqual({ ...decodeJwt(token), active: true, token_type: 'Bearer' });

  const taken = await send(server, { ...form({ token }, clinic), path: '/token/revocation' });
  expect({ status: taken.status, body: taken.body, type: taken.headers['content-type'] }).toEqual({
    status: 200,
    body: '{}',
    type: 'application/json; charset=utf-8',
  });
  expect((await ask(token)).body).toBe('{"active":false}');
  const rows = await server.sql('SELECT client_id, token_id, api_id FROM audit_events WHERE type = $1', [
    'token.revoked',
  ]);
  expect(rows).toEqual([
    { client_id: 'clinic-backend', token_id: decodeJwt(token).jti, api_id: 'reasonable-adjustments' },
  ]);
});
