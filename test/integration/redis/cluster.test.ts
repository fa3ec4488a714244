import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createRedisStore } from '../../../src/oidc/storage/index.ts';
import { connectRedis, createMessages, type RedisConnection, takesWrites } from '../../../src/redis.ts';
import { eventually } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorisationRequest, authorise, createVisitor, exchange } from '../../support/visitor.ts';
import { describeContract, volatileModels } from '../storage/contract.ts';
import { needsRedis, type OwnCluster, type OwnRedis, startOwnCluster } from './own-redis.ts';

if (needsRedis) console.warn(`A Redis cluster is not tested: ${needsRedis}`);

describe.skipIf(needsRedis)('F-06 a Redis cluster', () => {
  let cluster: OwnCluster;
  let server: TestServer;
  let redis: RedisConnection;

  beforeAll(async () => {
    cluster = await startOwnCluster();
    server = await startServer({ REDIS_URL: cluster.url });
    const connected = await connectRedis(cluster.url, pino({ level: 'silent' }));
    if (connected === undefined) throw new Error('there is no connection');
    redis = connected;
  });
  afterAll(async () => {
    redis?.disconnect();
    await server?.close();
    await cluster?.close();
  });

  // Each artefact goes to whichever server its id says, so every command must do with one.
  describeContract(() => createRedisStore({ redis, clock: systemClock }), volatileModels);

  test('keeps what a sign-in needs, on all of its servers', async () => {
    for (let count = 0; count < 5; count += 1) {
      const visitor = createVisitor(server.issuer);
      await exchange(server, await authorise(server, { visitor }));
      const { status } = await visitor.get(`${server.issuer}/session/end?client_id=kete-web`);
      expect(status).toBe(200);
    }
    for (const one of cluster.servers)
      expect(await one.ask((node) => node.dbsize()), `keys at ${one.url}`).toBeGreaterThan(0);
  });

  test('is well, and carries messages from node to node', async () => {
    expect(await takesWrites(redis)).toBe(true);
    expect(await (await fetch(`${server.issuer}/health/ready`)).json()).toMatchObject({ redis: 'ok' });
    let heard = 0;
    const messages = createMessages({ redis, log: pino({ level: 'silent' }) });
    messages.on('revocations', () => {
      heard += 1;
    });
    await eventually(async () => {
      await messages.publish('revocations');
      return heard > 0 ? true : undefined;
    });
    messages.close();
  });

  const withoutOne: readonly (readonly [
    name: string,
    lose: (one: OwnRedis) => unknown,
    back: (one: OwnRedis) => unknown,
  ])[] = [
    ['is killed', (one) => one.kill(), (one) => one.start()],
    ['falls silent', (one) => one.freeze(), (one) => one.thaw()],
  ];

  test.each(withoutOne)(
    'of which one server %s: nothing hangs, and it comes back by itself',
    async (_, lose, back) => {
      const [one] = cluster.servers;
      if (one === undefined) throw new Error('the cluster has no servers');
      await lose(one);
      const requests = Array.from({ length: 20 }, () =>
        createVisitor(server.issuer).get(authorisationRequest(server.issuer).url),
      );
      for (const { status } of await Promise.all(requests)) expect([303, 503]).toContain(status);
      await back(one);
      // Whichever server a sign-in is kept at.
      for (let count = 0; count < 5; count += 1)
        await eventually(() =>
          authorise(server).then(
            () => true,
            () => undefined,
          ),
        );
    },
  );
});
