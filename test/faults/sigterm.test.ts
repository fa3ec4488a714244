import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/fixtures.ts';
import { form } from './form.ts';
import { expectSealed, expectTrue, lookAfter, tell } from './load/afterwards.ts';
import { askForToken } from './load/clients.ts';
import { createKeepAlive, type KeepAlive } from './load/keep-alive.ts';
import { succeeded, summary } from './load/ledger.ts';
import { createLoad, type Load } from './load/load.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-17: each node in turn is told to stop under load, and started again. Nobody who sends requests notices. */

/** Within this, in milliseconds, after that, requests under way are finished and the process has ended (F-17). */
const ENDED_WITHIN = 10_000;

interface Stopped {
  readonly code: number | null;
  readonly stderr: string;
  /** What readiness answered first, but 200. */
  readonly readiness: number;
  /** What the node answered to a request that came in spite of that. */
  readonly served: number | 'refused';
  /** Milliseconds until the process had ended. */
  readonly within: number;
}

let stage: Stage;
let keepAlive: KeepAlive;
/** Through the gateway, and over connections that lead to one node. */
let loads: { readonly balanced: Load; readonly kept: Load };
const stops: Stopped[] = [];

async function stop(number: number): Promise<void> {
  const node = stage.nodes[number % 2 === 0 ? 0 : 1];
  const { balanced, kept } = loads;
  balanced.release();
  kept.release();
  await delay(form.load);
  const begun = performance.now();
  const ended = node.stop();
  const readiness = await eventually(async () => {
    const { status } = await node.readiness();
    return status === 200 ? undefined : status;
  });
  const served = await askForToken(node).then(
    ({ status }) => status,
    () => 'refused' as const,
  );
  const { code, stderr } = await ended;
  stops.push({ code, stderr, readiness, served, within: performance.now() - begun });
  await node.start();
  await eventually(async () => stage.gateway.takesPart(node.port) || undefined);
  await Promise.all([balanced.hold(), kept.hold()]);
}

beforeAll(async () => {
  stage = await setStage({ SHUTDOWN_GRACE: String(form.grace) });
  keepAlive = createKeepAlive(stage);
  loads = {
    balanced: await createLoad({
      stage,
      clients: { secret: 1, assertion: 1, opaque: 1, code: 2, refresh: 2, introspection: 1 },
    }),
    kept: await createLoad({
      stage,
      clients: { secret: 2, assertion: 2, opaque: 1, renewal: 2, introspection: 2 },
      transport: keepAlive.transport,
    }),
  };
  for (let number = 0; number < 2 * form.stops; number += 1) await stop(number);
  const { balanced, kept } = loads;
  console.log(
    `${stops.length} stops under load: ${balanced.done.length} requests through the gateway, ${kept.done.length} over ` +
      `kept connections (${keepAlive.reused()} of them not the first), ` +
      `${[...balanced.done, ...kept.done].filter((one) => !succeeded(one)).length} failed; ` +
      `ended after ${stops.map(({ within }) => Math.round(within)).join(', ')} ms, of which ${form.grace} s is the grace`,
  );
  console.log(`gateway: ${summary(balanced.done)}`);
  console.log(`kept connections: ${summary(kept.done)}`);
}, 300_000);
afterAll(async () => {
  keepAlive?.close();
  await stage?.close();
});

describe(`each node is told to stop under load, ${form.stops} times`, () => {
  test('F-17 of the requests through a gateway that asks for readiness not one fails', () => {
    expect(loads.balanced.done.filter((one) => !succeeded(one))).toEqual([]);
    expect(stage.gateway.passages.filter(({ outcome }) => outcome === 'lost')).toEqual([]);
  });

  test('F-17 of the requests over kept connections not one fails', () => {
    expect(loads.kept.done.filter((one) => !succeeded(one))).toEqual([]);
    expect(keepAlive.reused()).toBeGreaterThan(0);
  });

  test('F-17 a node first says that it is not ready, and serves who comes all the same', () => {
    const said = stops.map(({ readiness, served }) => ({ readiness, served }));
    expect(said).toEqual(stops.map(() => ({ readiness: 503, served: 200 })));
  });

  test('F-17 the processes end by themselves, in time and without a fault', () => {
    const ends = stops.map(({ code, stderr }) => ({ code, stderr }));
    expect(ends).toEqual(stops.map(() => ({ code: 0, stderr: '' })));
    for (const { within } of stops) expect(within).toBeLessThanOrEqual(form.grace * 1000 + ENDED_WITHIN);
  });

  test('F-15 every token is good and audited, and nothing succeeds twice', async () => {
    const both = [loads.balanced, loads.kept];
    const aftermaths = [await lookAfter(stage, loads.balanced), await lookAfter(stage, loads.kept)];
    console.log(tell(both, aftermaths));
    await expectTrue(stage, aftermaths);
    expect(aftermaths.map(({ open }) => open)).toEqual([0, 0]);
    await expectSealed(stage);
  });
});
