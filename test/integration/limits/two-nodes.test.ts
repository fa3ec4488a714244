import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Answer, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { demoPassword, formTo, type Visitor } from '../../support/visitor.ts';
import { begin } from '../pages/steps.ts';
import { newAddress, startWorld, type World } from './typing.ts';

let world: World;
let other: TestNode;
beforeAll(async () => {
  world = await startWorld(15);
  other = await startNode(world.server, world.env);
});
afterEach(() => world.end());
afterAll(async () => {
  await other.close();
  await world.server.close();
});

type Try = (node: 'first' | 'other', password: string) => Promise<Answer>;

/** A sign-in page whose form can be sent to either node. */
async function openForm(identifier: string, source: string): Promise<Try> {
  const { visitor, page }: { visitor: Visitor; page: Parameters<typeof formTo>[0] } = await begin(
    world.server,
  );
  const { action, fields } = formTo(page, '/sign-in');
  const headers = {
    Cookie: visitor.cookies(action).join('; '),
    'Content-Type': 'application/x-www-form-urlencoded',
    'X-Forwarded-For': source,
  };
  return (node, password) => {
    const typed = [...fields, ['identifier', identifier], ['password', password]];
    const body = new URLSearchParams(
      typed.map(([name, value]): [string, string] => [name ?? '', value ?? '']),
    );
    return send(node === 'first' ? world.server : other, { path: action, headers, body: body.toString() });
  };
}

test('LO-01 tries at two nodes are counted together', async () => {
  const attempt = await openForm('aroha@example.test', newAddress());
  const statuses: number[] = [];
  for (const node of ['first', 'other', 'first', 'other', 'first', 'other'] as const)
    statuses.push((await attempt(node, 'wrong')).status);
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  for (const node of ['first', 'other'] as const)
    expect((await attempt(node, demoPassword)).status, node).toBe(429);
  await world.pass(31);
  expect((await attempt('other', demoPassword)).status).toBe(303);
});

test('F-07 fifty guesses at once, half to each node: ten are looked at, at most', async () => {
  for (const identifier of ['wiremu', 'mere'].map((name) => `${name}@example.test`)) {
    const attempt = await openForm(identifier, newAddress());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => attempt(n % 2 === 0 ? 'first' : 'other', `wrong ${n}`)),
    );
    const statuses = answers.map(({ status }) => status);
    expect([...new Set(statuses)].sort()).toEqual([200, 429]);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(10);
    expect((await attempt('first', demoPassword)).status).toBe(429);
    expect((await attempt('other', demoPassword)).status).toBe(429);
  }
});
