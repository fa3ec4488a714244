import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isActive, redeem } from '../support/exchange.ts';
import { type Answer, form as formOf, type Sent, send } from '../support/fixtures.ts';
import { authorise, demoPassword, formTo } from '../support/visitor.ts';
import { form } from './form.ts';
import { succeeded, summary } from './load/ledger.ts';
import { createLoad, type Load } from './load/load.ts';
import { counted } from './outcomes.ts';
import { begin } from './persons.ts';
import { type Stage, setStage } from './stage/stage.ts';

/** F-16: wrong passwords by the hundred, on both nodes at once. Programs get their tokens all the same: each of them. */

/**
 * Guesses at one account that are looked at, at most: four that all nodes count together (docs/adr/0008), and four of each
 * node for a time in which it was too busy to reach what they count in.
 */
const LOOKED_AT = 4 + 2 * 4;

/** Guesses at a time: more than the nodes let wait. */
const AT_ONCE = 200;

let stage: Stage;
let load: Load;
let sign: (identifier: string, password: string, source: string) => Sent;

beforeAll(async () => {
  // As behind a proxy, which says where each guess comes from.
  stage = await setStage({ TRUST_PROXY: '127.0.0.1,::1' });
  load = await createLoad({
    stage,
    clients: { secret: 2, assertion: 2, opaque: 2, renewal: 2, introspection: 2 },
  });
  const { visitor, page } = await begin(stage, 'sign-in');
  const { action, fields } = formTo(page, '/sign-in');
  const cookie = visitor.cookies(new URL(action, stage.issuer).pathname).join('; ');
  sign = (identifier, password, source) => {
    const headers = { Accept: 'text/html', Cookie: cookie, Origin: stage.issuer, 'X-Forwarded-For': source };
    const typed = [...fields, ['identifier', identifier] as const, ['password', password] as const];
    return { ...formOf(typed, headers), path: action };
  };
});
afterAll(() => stage?.close());

const address = (number: number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;

/** Sends all guesses, by turns to each node, while programs ask for tokens. @returns the statuses */
async function flood(guess: (number: number) => Sent): Promise<number[]> {
  const statuses: number[] = [];
  load.release();
  for (let from = 0; from < form.guesses; from += AT_ONCE) {
    const size = Math.min(AT_ONCE, form.guesses - from);
    const answers = await Promise.all(
      Array.from({ length: size }, (_, index): Promise<Answer> => {
        const { port } = stage.nodes[index % 2 === 0 ? 0 : 1];
        return send({ issuer: stage.issuer, port }, guess(from + index));
      }),
    );
    statuses.push(...answers.map(({ status }) => status));
  }
  await load.hold();
  return statuses;
}

describe(`${form.guesses} wrong passwords, ${Math.min(AT_ONCE, form.guesses)} at a time, on two nodes`, () => {
  test('F-16 LO-01 at one account: a few are looked at, then the right one is refused too', async () => {
    const statuses = await flood((number) => sign('mere@example.test', `wrong ${number}`, address(1)));
    console.log(`guesses at one account: ${form.guesses}`, counted(statuses.map(String)));
    expect(statuses.filter((status) => status !== 429 && status !== 503).length).toBeLessThanOrEqual(
      LOOKED_AT,
    );
    for (const { issuer, port } of stage.nodes) {
      const { status } = await send({ issuer, port }, sign('mere@example.test', demoPassword, address(2)));
      expect(status).toBe(429);
    }
  });

  test('F-16 at many accounts from many sources: those that cannot wait are told to come again', async () => {
    const statuses = await flood((number) =>
      sign(`guess-${number}@example.test`, 'wrong', address(1000 + number)),
    );
    console.log(`guesses at many accounts: ${form.guesses}`, counted(statuses.map(String)));
    expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
  });

  test('F-16 meanwhile every program got its tokens, and afterwards people sign in', async () => {
    console.log(`programs meanwhile: ${summary(load.done)}`);
    expect(load.done.length).toBeGreaterThan(0);
    expect(load.done.filter((one) => !succeeded(one))).toEqual([]);
    expect(await isActive(stage, await redeem(stage, await authorise(stage)))).toBe(true);
  });
});
