import { expect } from 'vitest';
import { compare } from '../../integration/crash/ledger.ts';
import type { Received } from '../../integration/crash/load.ts';
import { expectWhole } from '../../integration/crash/whole.ts';
import { eventually, form, send } from '../../support/fixtures.ts';
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

/** What a load has left behind. */
export interface Aftermath {
  /** Tokens that clients received and that are not good. */
  readonly dead: readonly string[];
  /** Tokens that have not exactly one audit row with the name of their client. */
  readonly unaudited: readonly string[];
  /** Things that were used. */
  readonly things: number;
  /** First uses whose answer was lost or put off, so that nobody knows what became of them. */
  readonly open: number;
  /** Of those, how many succeeded when they were used again. */
  readonly late: number;
  /** Refresh tokens that were refused after a 503 although nothing had come of them. */
  readonly denied: readonly string[];
  /** Things that succeeded more than once. */
  readonly twice: readonly string[];
}

const isOpen = ({ outcome }: OneTime) => outcome === 'lost' || outcome.startsWith('503');

/**
 * Looks at every token that came out of a load, then uses everything again that can be used once, on both nodes at the same
 * time. By that its families end: clients of the load cannot go on afterwards.
 */
export async function lookAfter(stage: Stage, { received, once, doubts }: Ledger): Promise<Aftermath> {
  const denied = await each(doubts, async (id) => {
    const successors = await stage.sql('SELECT id FROM oidc_artefacts WHERE predecessor = $1', [id]);
    return successors.length === 1 ? [] : [id];
  });
  const dead = await each(received, async (one: Received) =>
    (await isActiveAt(stage, one.token)) ? [] : [`${one.jti} of ${one.clientId}`],
  );
  const { faults } = await compare(stage.db, received);
  const uses = await each(once, async (thing) => {
    const answers = await Promise.all(
      stage.nodes.map(({ issuer, port }) => send({ issuer, port }, thing.sent).then(describe)),
    );
    const later = answers.filter((outcome) => outcome === '200').length;
    return { kind: thing.kind, open: isOpen(thing), later, all: later + (thing.outcome === '200' ? 1 : 0) };
  });
  const open = uses.filter((one) => one.open);
  return {
    dead: dead.flat(),
    unaudited: faults,
    denied: denied.flat(),
    things: once.length,
    open: open.length,
    late: open.filter(({ later }) => later > 0).length,
    twice: uses.filter(({ all }) => all > 1).map(({ kind }) => kind),
  };
}

/**
 * Every token was good and has one audit row, nothing was refused without reason or succeeded twice; in the whole database
 * nothing is half-done.
 */
export async function expectTrue(stage: Stage, aftermaths: readonly Aftermath[]): Promise<void> {
  expect(aftermaths.flatMap(({ dead }) => dead)).toEqual([]);
  expect(aftermaths.flatMap(({ unaudited }) => unaudited)).toEqual([]);
  expect(aftermaths.flatMap(({ denied }) => denied)).toEqual([]);
  expect(aftermaths.flatMap(({ twice }) => twice)).toEqual([]);
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

/** A line of summary. */
export function tell(loads: readonly Ledger[], aftermaths: readonly Aftermath[]): string {
  const sum = (name: 'things' | 'open' | 'late') => aftermaths.reduce((all, one) => all + one[name], 0);
  const tokens = loads.reduce((all, { received }) => all + received.length, 0);
  return (
    `${tokens} tokens looked at; of ${sum('things')} things used once ${sum('open')} were open, and ` +
    `${sum('late')} of these brought a token later`
  );
}
