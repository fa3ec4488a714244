import { queryObjects } from 'node:v8';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { type Nodes, RIPE, startOneNode } from './nodes.ts';
import { hold, rotateNow, systemRequest, tokensIn, verifyNow } from './swaps.ts';

const SWAPS = 100;

let nodes: Nodes;

beforeAll(async () => {
  nodes = await startOneNode();
  // A key that goes: whether it is there makes another key set, without the cost of a new key.
  await nodes.pass(RIPE);
  await rotateNow(nodes);
  await nodes.server.sql(`CREATE TABLE going AS SELECT * FROM signing_keys WHERE state = 'retiring'`);
});
afterAll(() => nodes.close());

const changes = () =>
  nodes.server.logLines.filter((line) => line.includes('the signing keys have changed')).length;

/** Takes the retiring keys away, or puts them back, and lets the server see it. */
async function swap(back: boolean): Promise<void> {
  const before = changes();
  await nodes.server.sql(
    back
      ? 'INSERT INTO signing_keys SELECT * FROM going'
      : `DELETE FROM signing_keys WHERE state = 'retiring'`,
  );
  await nodes.look('the keys have changed', async () => changes() === before + 1);
}

/** How many providers there are. Those that nobody can reach are collected first, so that chance has no part in it. */
const providers = () => queryObjects(Provider, { format: 'count' });

/** How many listen to what in this process. */
const listeners = () => new Map(process.eventNames().map((name) => [name, process.listenerCount(name)]));

/** What there is more of than there was. Less there may be: what tests before this one left in the process goes in its own time. */
const grown = (before: ReturnType<typeof listeners>) =>
  [...listeners()].filter(([name, count]) => count > (before.get(name) ?? 0));

test(`${SWAPS} changes of the keys, with requests in between and one that outlives them, leave nothing behind`, {
  timeout: 120_000,
}, async () => {
  const { server } = nodes;
  const at = { providers: providers(), listeners: listeners() };
  const warnings: string[] = [];
  // The way of counting providers is called experimental, which is no warning of ours.
  const warned = ({ name, message }: Error) =>
    void (name !== 'ExperimentalWarning' && warnings.push(`${name}: ${message}`));
  process.on('warning', warned);

  const finish = await hold(server, systemRequest);
  for (let index = 0; index < SWAPS; index += 1) {
    await swap(index % 2 === 1);
    await verifyNow(server, tokensIn(await send(server, systemRequest)).access_token);
  }
  expect(providers(), 'the one of the request that waits, too').toBeLessThanOrEqual(at.providers + 1);
  await verifyNow(server, tokensIn(await finish()).access_token);

  process.off('warning', warned);
  expect(warnings).toEqual([]);
  expect(grown(at.listeners)).toEqual([]);
  expect(providers()).toBeLessThanOrEqual(at.providers);
});
