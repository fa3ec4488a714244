import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, form, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** Node hands on a request target as it came; the table of addresses knows no such one, and Koa would read another in it. */

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };

let server: TestServer;
let node: TestNode;
beforeAll(async () => {
  server = await startServer();
  node = await startNode(server, { RATE_LIMIT_ENDPOINTS: '3', RATE_LIMIT_PAGES: '3' });
});
afterAll(async () => {
  await node.close();
  await server.close();
});

test.for(['/token#x', '/token#', '/jwks#', '/auth#'])(
  'GW-03 %s does not pass the limits by: it is refused before anything is looked at',
  async (path) => {
    const sent = path.startsWith('/token') ? { ...form(grant, clinic), path } : { method: 'GET', path };
    const { status, body } = await send(node, sent);
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: 'the request target must be in ASCII, without a fragment',
      },
    });
  },
);
