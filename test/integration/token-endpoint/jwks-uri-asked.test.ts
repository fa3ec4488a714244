import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { basic, form, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { createKeySource, type KeySource, newKey, registerPublisher } from './key-source.ts';

/** When a client's own server is asked for its keys: only when the answer could matter. */

let source: KeySource;
let server: TestServer;

beforeAll(async () => {
  source = await createKeySource();
  server = await startServer({ OUTGOING_ALLOW: source.allowed });
});
afterAll(async () => {
  await server.close();
  await source.stop();
});

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

const publisher = (clientId: string) => registerPublisher(server, source, clientId);

describe('the server of a jwks_uri', () => {
  test('is not asked for a request that fails anyway', async () => {
    const path = await publisher('left-in-peace');
    const key = await newKey();
    source.publish(path, key);
    const hopeless = [
      await assertion(key, 'left-in-peace', 'https://elsewhere.example.test'),
      await assertion(key, 'left-in-peace', server.issuer, { exp: 1 }),
      await assertion(key, 'left-in-peace', server.issuer, { iss: 'clinic-jwt' }),
      await assertion(key, 'left-in-peace', server.issuer, { jti: undefined }),
      'not.an.assertion',
    ];
    for (const jwt of hopeless) {
      const { status } = await send(server, form({ ...grant, ...assertionForm(jwt) }));
      expect([400, 401]).toContain(status);
    }
    const withSecret = await send(server, form(grant, basic('left-in-peace', 'x')));
    expect(withSecret.status).toBe(401);
    expect(source.asked(path)).toBe(0);
  });

  test('is asked once for a good one, whose keys serve although others beside them cannot be used', async () => {
    const path = await publisher('mixed-set');
    const key = await newKey();
    source.serve(path, (_req, res) => {
      const { d: _d, ...publicHalf } = key;
      res.end(JSON.stringify({ keys: [{ ...publicHalf, kid: '' }, { kty: 'oct', k: 'AA' }, publicHalf] }));
    });
    for (let round = 0; round < 3; round += 1) {
      const jwt = await assertion(key, 'mixed-set', server.issuer);
      expect(await send(server, form({ ...grant, ...assertionForm(jwt) }))).toMatchObject({ status: 200 });
    }
    expect(source.asked(path)).toBe(1);
  });
});

describe('an API whose id is the name of something else', () => {
  test('does not come in the way of clients that do not have it', async () => {
    const [api] = await server.services.catalogue.all();
    if (api === undefined) throw new Error('the demo world has APIs');
    const audience = 'https://constructor.example.test';
    await server.services.catalogue.put({ ...api, id: 'constructor', audience }, { demo: false });
    const secret = ['clinic-backend', 'demo-secret-clinic-backend'] as const;
    expect((await server.token(grant, secret)).status).toBe(200);
    const other = await server.token({ ...grant, resource: audience }, secret);
    expect([other.status, await other.json()]).toMatchObject([400, { error: 'invalid_target' }]);
  });
});
