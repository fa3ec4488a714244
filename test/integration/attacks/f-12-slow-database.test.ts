import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  basic,
  eventually,
  form,
  send,
  startNode,
  type TestNode,
} from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { needsServer } from '../database/server.ts';
import { layWire, type Wire } from '../database/wire.ts';

if (needsServer) console.warn(`A slow database is not tested: ${needsServer}`);

const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
const token = form({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, clinic);

/** Requests at once that are more than a node can keep waiting. */
const MANY = 1500;

/** Connections of one node. */
const POOL = 10;

describe.skipIf(needsServer)('F-12 a node whose database', () => {
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
    wire.delay(0);
  });
  afterAll(async () => {
    await node.close();
    wire.close();
    await server.close();
  });

  const ask = () => send(node, token);
  const statuses = (answers: readonly Answer[]) => new Set(answers.map(({ status }) => status));

  /** The node issues tokens again, without anybody having touched it. */
  async function expectRecovered(): Promise<void> {
    expect(await eventually(async () => ((await ask()).status === 200 ? true : undefined), 30)).toBe(true);
    const again = await Promise.all(Array.from({ length: 50 }, ask));
    expect(statuses(again)).toEqual(new Set([200]));
  }

  /** Who comes while it lasts is told to come again; what needs no database is there. */
  async function expectPostponed(answers: readonly Answer[]): Promise<void> {
    for (const { status, headers, body } of answers) {
      if (status === 200) continue;
      expect({ status, body }).toEqual({
        status: 503,
        body: expect.stringContaining('temporarily_unavailable'),
      });
      expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    for (const path of ['/jwks', '/.well-known/openid-configuration', '/health/live'])
      expect(await send(node, { method: 'GET', path })).toMatchObject({ status: 200 });
  }

  test('needs 200 ms for every answer issues tokens', { timeout: 60_000 }, async () => {
    wire.delay(200);
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    expect(statuses(answers)).toEqual(new Set([200]));
  });

  test('needs two seconds for every answer says 503, or issues a token late', {
    timeout: 90_000,
  }, async () => {
    wire.delay(2000);
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    await expectPostponed(answers);
    wire.delay(0);
    await expectRecovered();
  });

  test('is frozen says 503 to everybody, however many they are, and keeps nobody waiting', {
    timeout: 120_000,
  }, async () => {
    wire.silence(true);
    const answers = await Promise.all(Array.from({ length: MANY }, ask));
    expect(statuses(answers)).toEqual(new Set([503]));
    await expectPostponed(answers);
    const ready = await send(node, { method: 'GET', path: '/health/ready' });
    expect([ready.status, JSON.parse(ready.body).database]).toEqual([503, 'failed']);
    wire.silence(false);
    await expectRecovered();
  });

  test('was lost and found leaves no connection behind', async () => {
    await expectRecovered();
    // Those of the server that was started first are in the same database; one of them asks this.
    const isSettled = async () => {
      const [row] = await server.sql<{ all: number; idle: number }>(
        `SELECT count(*)::integer AS all, (count(*) FILTER (WHERE state = 'idle'))::integer AS idle
         FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assent'`,
      );
      return row !== undefined && row.all <= 2 * POOL && row.idle === row.all - 1 ? true : undefined;
    };
    expect(await eventually(isSettled)).toBe(true);
  });
});
