import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { push } from '../integration/authorisation/pushing.ts';
import { isActive, redeem } from '../support/exchange.ts';
import { eventually } from '../support/fixtures.ts';
import { allow, authorise, createVisitor, type Page, signIn } from '../support/visitor.ts';
import { form } from './form.ts';
import { expectSealed, expectTrue, lookAfter, tell } from './load/afterwards.ts';
import { postponed, succeeded, summary } from './load/ledger.ts';
import { createLoad, type Load, loadFor } from './load/load.ts';
import { begin, complete } from './persons.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-06: Redis is killed and comes back empty, or is emptied, under load. Only people notice, and are told to try again. */

/** Nobody waits longer for a page, in milliseconds. */
const PAGE_WITHIN = 10_000;

let stage: Stage;
let tokens: Load;
let people: Load;
let pids: readonly number[];
/** What people were shown while Redis was away. */
const shown: { status: number; within: number; html: string; retryAfter: string | null }[] = [];
const readiness: { status: number; redis: unknown }[] = [];
const unfinished: unknown[] = [];
let spent: Awaited<ReturnType<typeof push>>;
let spentAgain: Page;

/** Somebody opens the sign-in page. */
async function look(): Promise<void> {
  const begun = performance.now();
  const { visitor, page } = await begin(stage, 'sign-in');
  const next = page.status === 200 ? await signIn(visitor, page) : page;
  const retryAfter = next.headers.get('retry-after');
  shown.push({ status: next.status, within: performance.now() - begun, html: next.html, retryAfter });
}

async function lose(): Promise<void> {
  tokens.release();
  people.release();
  await delay(form.load);
  await stage.redis.kill();
  const end = performance.now() + form.load;
  while (performance.now() < end) await look();
  for (const node of stage.nodes) {
    const { status, body } = await node.readiness();
    readiness.push({ status, redis: (JSON.parse(body) as { redis: unknown }).redis });
  }
  await stage.redis.start();
  // Nothing is restarted: both nodes find it again by themselves.
  await eventually(async () => {
    const bodies = await Promise.all(stage.nodes.map((node) => node.readiness()));
    return bodies.every(({ body }) => (JSON.parse(body) as { redis: unknown }).redis === 'ok') || undefined;
  });
  await delay(form.load);
  await Promise.all([tokens.hold(), people.hold()]);
  for (const upTo of ['sign-in', 'consent'] as const)
    await complete(stage, await begin(stage, upTo)).catch((error) => unfinished.push(error));
}

beforeAll(async () => {
  stage = await setStage();
  pids = stage.nodes.map((node) => node.pid());
  tokens = await createLoad({
    stage,
    clients: { secret: 2, assertion: 2, opaque: 2, renewal: 3, introspection: 3 },
  });
  people = await createLoad({ stage, clients: { code: 2 } });
  spent = await push(stage);
  const visitor = createVisitor(stage.issuer);
  const signedIn = await signIn(visitor, await visitor.follow(await visitor.get(spent.url)));
  if (signedIn.html.includes('/consent"')) await allow(visitor, signedIn);
  for (let number = 0; number < form.losses; number += 1) await lose();
  await loadFor(tokens, form.load);
  await stage.redis.flush();
  await delay(form.load);
  await tokens.hold();
  spentAgain = await visitor.get(spent.url);
  const longest = Math.max(...shown.map(({ within }) => within));
  console.log(
    `${form.losses} losses of Redis under load, and one emptying: ${tokens.done.length} requests of programs, ` +
      `${tokens.done.filter((one) => !succeeded(one)).length} failures; ${shown.length} pages meanwhile, ` +
      `the slowest after ${Math.round(longest)} ms`,
  );
  console.log(summary(tokens.done));
  console.log(`people: ${summary(people.done)}`);
}, 300_000);
afterAll(() => stage?.close());

describe('Redis is lost and comes back empty', () => {
  test('F-06 the processes are the same as before', () => {
    expect(stage.nodes.map((node) => node.pid())).toEqual(pids);
  });

  test('F-06 client credentials, refresh and introspection go on without one failure', () => {
    expect(tokens.done.filter((one) => !succeeded(one))).toEqual([]);
  });

  test('F-06 the nodes stay ready, and say that something is missing', () => {
    expect(readiness).toEqual(readiness.map(() => ({ status: 200, redis: 'degraded' })));
  });

  test('F-06 whoever wants to sign in gets a page that says when to try again; nobody hangs', () => {
    expect(shown.length).toBeGreaterThan(0);
    for (const { status, within, html, retryAfter } of shown) {
      expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
      expect(html).toContain('<h1');
      expect(within).toBeLessThan(PAGE_WITHIN);
    }
  });

  test('F-06 who was signed in is sent on, told to try again, or signs in again', () => {
    expect(people.done.filter((one) => !succeeded(one) && !postponed(one))).toEqual([]);
  });

  test('F-06 people sign in again afterwards', () => {
    expect(unfinished).toEqual([]);
  });

  test('F-06 what was used up stays used up, every token is good and audited', async () => {
    expect(new URL(spentAgain.location ?? 'about:blank').searchParams.get('code')).toBeNull();
    const aftermath = await lookAfter(stage, tokens);
    console.log(tell([tokens], [aftermath]));
    await expectTrue(stage, [aftermath]);
    await expectSealed(stage);
    expect(aftermath.open).toBe(0);
    const authorised = await authorise(stage);
    expect(await isActive(stage, await redeem(stage, authorised))).toBe(true);
  });
});
