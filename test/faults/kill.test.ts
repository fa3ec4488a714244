import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/fixtures.ts';
import { form } from './form.ts';
import { type Aftermath, expectSealed, expectTrue, lookAfter, tell } from './load/afterwards.ts';
import { askForToken } from './load/clients.ts';
import { type Done, type Ledger, succeeded, summary } from './load/ledger.ts';
import { createLoad, loadFor } from './load/load.ts';
import type { Passage } from './stage/gateway.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-01, F-02, F-15: a node is killed under load, again and again; the other one goes on, and nothing is half-done. */

/** Within this, in milliseconds, a killed node is ready again (F-01). */
const READY_WITHIN = 10_000;

/** The gateway sees that a kept connection is broken a moment after the process is gone, in milliseconds. */
const SEEN_BROKEN = 100;

interface Killed {
  readonly port: number;
  /** When nothing was left of the process, by `performance.now`. */
  readonly gone: number;
  /** Milliseconds until it was ready again. */
  readonly start: number;
  /** What the other node answered meanwhile. */
  readonly other: number;
}

let stage: Stage;
const killed: Killed[] = [];
const loads: Ledger[] = [];
const aftermaths: Aftermath[] = [];
let done: readonly Done[];
let lost: readonly Passage[];

async function kill(number: number): Promise<void> {
  const victim = stage.nodes[number % 2 === 0 ? 0 : 1];
  const { port } = stage.nodes[number % 2 === 0 ? 1 : 0];
  const clients = { secret: 2, assertion: 2, opaque: 2, code: 3, refresh: 3, introspection: 2 };
  const load = await createLoad({ stage, clients });
  await loadFor(load, form.load);
  // A kill must not keep to even distances.
  await delay(Math.random() * 50);
  await victim.kill();
  const gone = performance.now();
  const { status: other } = await askForToken({ issuer: stage.issuer, port });
  killed.push({ port: victim.port, gone, start: await victim.start(), other });
  await eventually(async () => stage.gateway.takesPart(victim.port) || undefined);
  await load.hold();
  loads.push(load);
  aftermaths.push(await lookAfter(stage, load));
}

beforeAll(async () => {
  stage = await setStage();
  for (let number = 0; number < form.kills; number += 1) await kill(number);
  done = loads.flatMap((load) => load.done);
  lost = stage.gateway.passages.filter(({ outcome }) => outcome === 'lost');
  console.log(
    `${form.kills} kills under load: ${done.length} requests, ${lost.length} lost with the node that had them; ` +
      `ready again after ${killed.map(({ start }) => Math.round(start)).join(', ')} ms`,
  );
  console.log(summary(done));
  console.log(tell(loads, aftermaths));
}, 600_000);
afterAll(() => stage?.close());

describe(`${form.kills} kills of a node under load`, () => {
  test('F-01 no request fails but those that the killed node had', () => {
    const failed = done.filter((one) => !succeeded(one));
    expect(failed.filter(({ outcome }) => outcome !== 'lost')).toEqual([]);
    expect(failed).toHaveLength(lost.length);
    for (const { port, begun } of lost) {
      const death = killed.find(({ gone }) => begun <= gone + SEEN_BROKEN);
      expect(death?.port).toBe(port);
    }
  });

  test('F-01 the other node goes on', () => {
    expect(killed.map(({ other }) => other)).toEqual(killed.map(() => 200));
  });

  test(`F-01 a killed node is ready again within ${READY_WITHIN / 1000} s`, () => {
    for (const { start } of killed) expect(start).toBeLessThanOrEqual(READY_WITHIN);
  });

  test('F-01 F-02 F-15 every token is good and audited, nothing succeeds twice, the chain holds', async () => {
    await expectTrue(stage, aftermaths);
    await expectSealed(stage);
  });
});
