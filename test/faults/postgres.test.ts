import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/fixtures.ts';
import { form } from './form.ts';
import { type Aftermath, expectSealed, expectTrue, lookAfter, tell } from './load/afterwards.ts';
import { askForToken } from './load/clients.ts';
import { type Done, type Ledger, postponed, succeeded, summary } from './load/ledger.ts';
import { createLoad, loadFor } from './load/load.ts';
import { type Begun, begin, complete } from './persons.ts';
import type { StopMode } from './stage/cluster.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-04: PostgreSQL is restarted under load. Nobody restarts a node, and nobody is told anything that is not true. */

/** Within this, in seconds, after the database accepts connections, every node issues tokens again. */
const RECOVERED_WITHIN = 5;

interface Restart {
  readonly mode: StopMode;
  /** When it had stopped, and when it was told to start again, by `performance.now`. */
  readonly stopped: number;
  readonly started: number;
  /** Milliseconds from the first connection that was accepted until each node issued a token. */
  readonly recovered: readonly number[];
}

describe.each([
  ['sessions in Redis', {}, form.restarts.redis],
  ['sessions in PostgreSQL', { REDIS_URL: '' }, form.restarts.postgres],
] as const)('PostgreSQL restarted under load, %s:', (where, env, modes) => {
  let stage: Stage;
  let pids: readonly number[];
  let done: readonly Done[];
  const restarts: Restart[] = [];
  const loads: Ledger[] = [];
  const aftermaths: Aftermath[] = [];
  const unfinished: unknown[] = [];

  /** Milliseconds until a node issues a token. */
  async function recovery(port: number, since: number): Promise<number> {
    await eventually(async () => {
      const { status } = await askForToken({ issuer: stage.issuer, port });
      return status === 200 || undefined;
    }, 2 * RECOVERED_WITHIN);
    return performance.now() - since;
  }

  async function restart(mode: StopMode): Promise<void> {
    const clients = { secret: 2, assertion: 2, opaque: 2, code: 2, refresh: 2, introspection: 2 };
    const load = await createLoad({ stage, clients });
    const people: Begun[] = [];
    for (let person = 0; person < form.people; person += 1)
      people.push(await begin(stage, person % 2 === 0 ? 'sign-in' : 'consent'));
    await loadFor(load, form.load);
    await stage.postgres.stop(mode);
    const stopped = performance.now();
    await delay(form.load);
    const started = performance.now();
    await stage.postgres.start();
    const accepts = performance.now();
    const recovered = await Promise.all(stage.nodes.map(({ port }) => recovery(port, accepts)));
    restarts.push({ mode, stopped, started, recovered });
    await delay(form.load);
    await load.hold();
    for (const person of people)
      await complete(stage, person).catch((error) => unfinished.push(`${mode}: ${error}`));
    loads.push(load);
    aftermaths.push(await lookAfter(stage, load));
  }

  beforeAll(async () => {
    stage = await setStage(env);
    pids = stage.nodes.map((node) => node.pid());
    for (const mode of modes) await restart(mode);
    done = loads.flatMap((load) => load.done);
    const times = restarts.flatMap(({ recovered }) => recovered).map(Math.round);
    console.log(
      `${restarts.length} restarts of PostgreSQL under load, ${where}: ${done.length} requests, ` +
        `${done.filter(postponed).length} times 503; tokens again after ${times.join(', ')} ms`,
    );
    console.log(summary(done));
    console.log(tell(loads, aftermaths));
  }, 900_000);
  afterAll(() => stage?.close());

  test('F-04 the processes are the same as before', () => {
    expect(stage.nodes.map((node) => node.pid())).toEqual(pids);
  });

  test('F-04 nothing is answered but what is true and 503 with Retry-After', () => {
    const strange = done.filter((one) => !succeeded(one) && !postponed(one));
    // A commit may be durable when the connection breaks: then 503 leaves open what became of it, and a retry says it.
    const isRetry = ({ kind, outcome }: Done) => kind === 'refresh' && outcome === '400 invalid_grant';
    expect(strange.filter((one) => !isRetry(one))).toEqual([]);
    expect(strange).toHaveLength(loads.flatMap(({ doubts }) => doubts).length);
  });

  test('F-04 while the database is down every request is told to come again', () => {
    const answers = restarts.flatMap(({ stopped, started }) =>
      done.filter(({ begun, ended }) => begun > stopped && ended < started),
    );
    expect(answers.length).toBeGreaterThan(0);
    const tokens = ({ kind }: Done) => kind !== 'authorisation' && kind !== 'introspection';
    expect(answers.filter((one) => tokens(one) && !postponed(one))).toEqual([]);
  });

  test(`F-04 every node issues tokens again within ${RECOVERED_WITHIN} s`, () => {
    for (const { recovered } of restarts)
      for (const after of recovered) expect(after).toBeLessThanOrEqual(RECOVERED_WITHIN * 1000);
  });

  test('F-04 half-finished sign-ins complete afterwards', () => {
    expect(unfinished).toEqual([]);
  });

  test('F-04 F-15 every token is good and audited, nothing succeeds twice, the chain holds', async () => {
    await expectTrue(stage, aftermaths);
    await expectSealed(stage);
  });
});
