import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { onServer } from '../../support/database.ts';
import { form, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectErrorAnswer, tally } from './refusals.ts';

/** An assertion passes once (CA-02 and CA-03 of the threat model): one after another, in parallel, and on several nodes. */

const PARALLEL = 50;

/**
 * The race over two nodes counts on a PostgreSQL server only: the embedded database has one session, so its
 * statements come one after another whatever the nodes do. A few rounds on one node still show that nothing
 * between the request and the statement lets two through.
 */
const ROUNDS = onServer ? 100 : 10;

let server: TestServer;
let nodes: readonly (Pick<TestNode, 'issuer'> & { readonly port?: number })[];
let second: TestNode | undefined;

/** Keeps its connections, so that fifty requests really are under way at the same time. */
const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });

beforeAll(async () => {
  server = await startServer();
  second = onServer ? await startNode(server) : undefined;
  nodes = second === undefined ? [server] : [server, second];
});

afterAll(async () => {
  agent.destroy();
  await second?.close();
  await server.close();
});

const grant = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
const signed = () => assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer);

/** Sends one request over a kept connection and tells its status and OAuth error. */
function quick(node: (typeof nodes)[number], body: string): Promise<string> {
  const { hostname, host, port } = new URL(node.issuer);
  return new Promise((resolve, reject) => {
    const headers = { Host: host, 'Content-Type': 'application/x-www-form-urlencoded' };
    const outgoing = request(
      { hostname, port: node.port ?? port, method: 'POST', path: '/token', headers, agent },
      async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        const { error = 'none' } = JSON.parse(Buffer.concat(parts).toString()) as { error?: string };
        resolve(`${response.statusCode} ${error}`);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('CA-03 one assertion used many times at once', () => {
  test(`of ${PARALLEL} parallel uses exactly one passes, ${ROUNDS} rounds`, {
    timeout: 180_000,
  }, async () => {
    const before = await tally(server);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const body = new URLSearchParams({ ...grant, ...assertionForm(await signed()) }).toString();
      const answers = await Promise.all(
        Array.from({ length: PARALLEL }, (_, index) => {
          const node = nodes[index % nodes.length];
          if (node === undefined) throw new Error('there is no node');
          return quick(node, body);
        }),
      );
      const won = answers.filter((answer) => answer === '200 none').length;
      const lost = answers.filter((answer) => answer === '401 invalid_client').length;
      expect({ round, won, lost }).toEqual({ round, won: 1, lost: PARALLEL - 1 });
      const after = await tally(server);
      expect(after).toEqual({
        artefacts: before.artefacts,
        guards: before.guards + round,
        issued: before.issued + round,
      });
    }
  });

  test('assertions that differ all pass at once', async () => {
    const bodies = await Promise.all(
      Array.from({ length: PARALLEL }, async () =>
        new URLSearchParams({ ...grant, ...assertionForm(await signed()) }).toString(),
      ),
    );
    const answers = await Promise.all(
      bodies.map((body, index) => quick(nodes[index % nodes.length] ?? server, body)),
    );
    expect(new Set(answers)).toEqual(new Set(['200 none']));
  });
});

describe('CA-02 one assertion used again later', () => {
  test('is refused, and nothing is issued', async () => {
    const sent = form({ ...grant, ...assertionForm(await signed()) });
    expect(await send(server, sent)).toMatchObject({ status: 200 });
    const before = await tally(server);
    const answer = await send(server, sent);
    expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
    expect(await tally(server)).toEqual(before);
  });

  test('is refused by a node that never saw it', async () => {
    const sent = form({ ...grant, ...assertionForm(await signed()) });
    expect(await send(server, sent)).toMatchObject({ status: 200 });
    const fresh = await startNode(server);
    try {
      const answer = await send(fresh, sent);
      expectErrorAnswer(answer, { status: 401, error: 'invalid_client', usedAuthorization: false });
    } finally {
      await fresh.close();
    }
  });

  test('is refused when its first use was denied for another reason', async () => {
    const jwt = await signed();
    const denied = await send(server, form({ ...grant, ...assertionForm(jwt), scope: 'everything' }));
    expectErrorAnswer(denied, { status: 400, error: 'invalid_scope', usedAuthorization: false });
    const again = await send(server, form({ ...grant, ...assertionForm(jwt) }));
    expectErrorAnswer(again, { status: 401, error: 'invalid_client', usedAuthorization: false });
  });

  test('is refused with the same jti in another signature', async () => {
    const jti = crypto.randomUUID();
    const [first, other] = await Promise.all(
      [50, 55].map((life) =>
        assertion(demoKey(server, 'clinic-jwt'), 'clinic-jwt', server.issuer, {
          jti,
          exp: Math.floor(Date.now() / 1000) + life,
        }),
      ),
    );
    const sentWith = (jwt = '') => send(server, form({ ...grant, ...assertionForm(jwt) }));
    expect(await sentWith(first)).toMatchObject({ status: 200 });
    expectErrorAnswer(await sentWith(other), {
      status: 401,
      error: 'invalid_client',
      usedAuthorization: false,
    });
  });
});
