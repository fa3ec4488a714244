import { type ClientRequest, request } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refreshForm } from '../../support/exchange.ts';
import { basic, eventually, form, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { keteWeb } from '../../support/visitor.ts';
import { needsServer } from '../database/server.ts';

if (needsServer) console.warn(`Running out of connections is not tested: ${needsServer}`);

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const token = form({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, clinic);

/** Connections that the database gives to the node and to the other application together. */
const LIMIT = 10;

/** Requests that are given up before their answer is there. */
const ABORTED = 2000;

/** Another application, which takes connections and keeps them. */
async function takeOne(url: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'another' });
  client.on('error', () => {});
  return client.connect().then(
    () => client,
    () => undefined,
  );
}

describe.skipIf(needsServer)('F-13 a node', () => {
  const role = `assent_test_role_${process.pid}`;
  let server: TestServer;
  let node: TestNode;
  let url: string;

  beforeAll(async () => {
    server = await startServer();
    const { target } = server.services;
    if (!('url' in target)) throw new Error('there is a server');
    // A limit of its own: the other databases of the server go on as before.
    await server.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'kereru' CONNECTION LIMIT ${LIMIT}`);
    await server.sql(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    await server.sql(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
    const own = new URL(target.url);
    own.username = role;
    own.password = 'kereru';
    url = own.href;
    node = await startNode({ ...server, services: { ...server.services, target: { url } } });
  });
  afterAll(async () => {
    await node.close();
    await server.sql(`DROP OWNED BY ${role}`);
    await server.sql(`DROP ROLE ${role}`);
    await server.close();
  });

  const ready = async () => (await send(node, { method: 'GET', path: '/health/ready' })).status;

  const endSessions = () =>
    server.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name = 'assent'`,
      [role],
    );

  /** All of the node's connections are idle, and there are no more than it may have. */
  async function expectSettled(): Promise<void> {
    const settled = await eventually(async () => {
      const states = await server.sql<{ state: string }>(
        `SELECT state FROM pg_stat_activity WHERE usename = $1 AND application_name = 'assent'`,
        [role],
      );
      const idle = states.length <= LIMIT && states.every(({ state }) => state === 'idle');
      return idle ? states.length : undefined;
    });
    expect(settled).toBeGreaterThan(0);
  }

  test('whose connections another application has taken says so, and goes on when they are free', {
    timeout: 120_000,
  }, async () => {
    expect(await send(node, token)).toMatchObject({ status: 200 });
    const taken: pg.Client[] = [];
    await eventually(async () => {
      await endSessions();
      const one = await takeOne(url);
      if (one !== undefined) taken.push(one);
      return taken.length === LIMIT ? true : undefined;
    }, 60);
    await eventually(async () => ((await ready()) === 503 ? true : undefined));
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(node, token)));
    for (const { status, headers, body } of answers) {
      expect({ status, body }).toEqual({ status: 503, body: expect.not.stringContaining('connection') });
      expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    expect(await send(node, { method: 'GET', path: '/jwks' })).toMatchObject({ status: 200 });

    await Promise.all(taken.map((client) => client.end()));
    await eventually(async () => ((await send(node, token)).status === 200 ? true : undefined));
    expect(await ready()).toBe(200);
    await expectSettled();
  });

  test(`that ${ABORTED} callers have left in the middle has lost no connection by it`, {
    timeout: 120_000,
  }, async () => {
    const { hostname, host } = new URL(node.issuer);
    // One that is written in a group with others, and one for which a transaction begins.
    const forms = [token, form(refreshForm('x'.repeat(43)), basic(...keteWeb))];
    for (let n = 0; n < ABORTED; n += 50) {
      const some = Array.from({ length: 50 }, (_, index): Promise<ClientRequest> => {
        const { body = '', headers } = forms[index % forms.length] ?? token;
        const options = { hostname, port: node.port, method: 'POST', path: '/token', agent: false };
        const one = request({
          ...options,
          headers: { Host: host, ...headers, 'Content-Length': body.length },
        });
        one.on('error', () => {});
        // Some before the body is whole, some after it.
        const sent = body.slice(0, index % 4 < 2 ? 9 : undefined);
        return new Promise((resolve) => one.write(sent, () => resolve(one)));
      });
      for (const one of await Promise.all(some)) one.destroy();
    }
    expect(await send(node, token)).toMatchObject({ status: 200 });
    await expectSettled();
  });
});
