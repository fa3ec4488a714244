import { expect } from 'vitest';
import { compare } from '../../integration/crash/ledger.ts';
import type { Received } from '../../integration/crash/load.ts';
import { expectWhole } from '../../integration/crash/whole.ts';
import { eventually, form, type Sent, send } from '../../support/fixtures.ts';
import { callerFor } from '../stage/resource-servers.ts';
import type { Stage } from '../stage/stage.ts';
import { describe, type Ledger, type OneTime } from './ledger.ts';

/** Requests at a time. */
const AT_ONCE = 10;

/** Does the same with each, a few at a time. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  return results;
}

/** Whether a node tells the resource server of a token that it is good. @throws unless it answers 200 */
export async function isActiveAt(at: { issuer: string; port?: number }, token: string): Promise<boolean> {
  const { status, body } = await send(at, {
    ...form({ token }, callerFor(token)),
    path: '/token/introspection',
  });
  if (status !== 200) throw new Error(`introspection answered ${status} ${body}`);
  return (JSON.parse(body) as { active: boolean }).active;
}

/** Every token that a client received is good, has exactly one audit row, and nothing in the database is half-done. */
export async function expectTrue(stage: Stage, { received }: Ledger): Promise<void> {
  const dead = await each(received, async (one: Received) =>
    (await isActiveAt(stage, one.token)) ? [] : [`${one.jti} of ${one.clientId}`],
  );
  expect(dead.flat()).toEqual([]);
  const { faults } = await compare(stage.db, received);
  expect(faults).toEqual([]);
  await expectWhole(stage);
}

/** Every audit row is sealed before long, and the chain over them holds (F-15). */
export async function expectSealed(stage: Stage): Promise<void> {
  await eventually(async () => {
    const { code, stdout } = await stage.assent('audit', 'verify');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.not.stringContaining('FAULT') });
    return /^waiting +0$/m.test(stdout) || undefined;
  });
}

/** How often what can be used once succeeded in all, when everything is used again. */
export interface Uses {
  /** Things that were used. */
  readonly things: number;
  /** First uses whose answer was lost or came too late, so that nobody knows what became of them. */
  readonly open: number;
  /** Of those, how many succeeded when they were used again. */
  readonly late: number;
}

/** Uses everything again, what is open twice at once, half on each node: nothing succeeds a second time. */
export async function expectOnce(stage: Stage, { once }: Ledger): Promise<Uses> {
  const isOpen = ({ outcome }: OneTime) => outcome === 'lost' || outcome.startsWith('503');
  const again = async ({ sent }: { sent: Sent }) => {
    const answers = await Promise.all(
      stage.nodes.map(({ issuer, port }) => send({ issuer, port }, sent).then(describe)),
    );
    return answers.filter((outcome) => outcome === '200').length;
  };
  const results = await each(once, async (thing) => ({
    kind: thing.kind,
    open: isOpen(thing),
    first: thing.outcome === '200' ? 1 : 0,
    later: await again(thing),
  }));
  expect(results.filter(({ first, later }) => first + later > 1)).toEqual([]);
  const open = results.filter((result) => result.open);
  return { things: once.length, open: open.length, late: open.filter(({ later }) => later === 1).length };
}
