import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { newFamily, refreshForm, tokenRequest, tryRefresh } from '../../support/exchange.ts';
import { eventually, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm } from '../../support/visitor.ts';
import { watchClients } from '../database/clients.ts';
import { needsServer } from '../database/server.ts';
import { layWire, type Wire } from '../database/wire.ts';

if (needsServer) console.warn(`A silence in the middle of an exchange is not tested: ${needsServer}`);

describe.skipIf(needsServer)('F-12 a database that falls silent while tokens are exchanged', () => {
  let server: TestServer;
  let wire: Wire;
  let node: TestNode;

  beforeAll(async () => {
    server = await startServer();
    const { target } = server.services;
    if (!('url' in target)) throw new Error('there is a server');
    wire = await layWire(new URL(target.url));
    node = await startNode({ ...server, services: { ...server.services, target: { url: wire.url } } });
  });
  afterEach(() => {
    wire.silence(false);
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await node.close();
    wire.close();
    await server.close();
  });

  /** Sends an exchange to the node behind the wire, whose database falls silent at the statement that uses the code or token. */
  async function expectPostponed(parameters: Readonly<Record<string, string>>): Promise<void> {
    const asked = watchClients(Number(new URL(wire.url).port));
    wire.silenceAt('oidc_artefacts_consume');
    const { status, headers, body } = await tokenRequest(node, parameters);
    expect({ status, body }).toEqual({
      status: 503,
      body: expect.stringContaining('temporarily_unavailable'),
    });
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(asked().filter((text) => text.includes('SET consumed_at'))).toHaveLength(1);
    // It would have to wait for another silence, and hold a connection of the pool as long.
    expect(asked()).not.toContain('ROLLBACK');
    wire.silence(false);
  }

  test('a code is answered 503 after one silence, and is as good as before', {
    timeout: 60_000,
  }, async () => {
    const form = exchangeForm(await authorise(server));
    await expectPostponed(form);
    expect((await tokenRequest(server, form)).status).toBe(200);
  });

  test('so is a refresh token, at the same node too', { timeout: 60_000 }, async () => {
    const { first: family } = await newFamily(server);
    await expectPostponed(refreshForm(family.refresh_token));
    expect(
      await eventually(async () => ((await tryRefresh(node, family)) === '200' ? true : undefined), 30),
    ).toBe(true);
  });
});
