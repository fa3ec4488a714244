import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDenyList, type DenyList } from '../../../src/revocations/index.ts';
import { createFakeRevocations, createTestClock, type FakeRevocations, type TestClock } from './fakes.ts';

/**
 * A standby takes over that lacks the last transactions of the primary server. Its transactions count on from an earlier
 * number, so what is taken back there may have been written by a number below where this node looks from.
 */

let clock: TestClock;
let table: FakeRevocations;
let list: DenyList;

/** Far longer than a test takes: a look is taken when it is told to. */
const NEVER = 3_600_000;

beforeEach(async () => {
  clock = createTestClock();
  table = createFakeRevocations(clock);
  list = createDenyList({ revocations: table, clock, every: NEVER, onError: () => {} });
  await list.poll();
  expect(table.asked).toEqual([0n]);
});
afterEach(() => list.close());

const token = (id: string) =>
  ({ kind: 'token', id, expiresAt: new Date(clock.now().getTime() + 300_000) }) as const;
const has = (id: string) => list.has({ token: id, grant: undefined });

/**
 * What happens unseen by this node: transactions up to 999 are known here, the standby had them up to 989. One token is taken
 * back there; other nodes were quicker to find it, and by now it is at 1005.
 */
function fallBack(): void {
  table.put(token('taken-back-after'), 995n);
  table.hold(1005n);
}

describe('what is taken back on a server that took over is known, though its transactions count from an earlier number', () => {
  test('where a look failed meanwhile', async () => {
    table.fail(new Error('the primary server is gone'));
    await list.poll();
    table.fail();
    fallBack();
    await list.poll();
    expect(await has('taken-back-after')).toBe(true);
    expect(table.asked).toEqual([0n, 1000n, 0n]);
  });

  test('where several looks failed, the last of them at reading everything', async () => {
    table.fail(new Error('the primary server is gone'));
    for (let look = 0; look < 3; look += 1) await list.poll();
    table.fail();
    fallBack();
    await list.poll();
    expect(await has('taken-back-after')).toBe(true);
    expect(table.asked).toEqual([0n, 1000n, 0n, 0n, 0n]);
  });

  test('where no look failed: another server answers', async () => {
    table.answerAs({ server: 'standby', session: 1 });
    fallBack();
    await list.poll();
    expect(await has('taken-back-after')).toBe(true);
    expect(table.asked).toEqual([0n, 1000n, 0n]);
  });

  test('where the same server has crashed and come back: another process answers', async () => {
    table.answerAs({ server: 'primary', session: 2 });
    fallBack();
    await list.poll();
    expect(await has('taken-back-after')).toBe(true);
    expect(table.asked).toEqual([0n, 1000n, 0n]);
  });

  test('where the first server answers again after the second', async () => {
    table.answerAs({ server: 'standby', session: 1 });
    await list.poll();
    table.answerAs({ server: 'primary', session: 1 });
    fallBack();
    await list.poll();
    expect(await has('taken-back-after')).toBe(true);
  });
});

test('everything is read once after a change of server, and each look after that reads on', async () => {
  table.answerAs({ server: 'standby', session: 1 });
  await list.poll();
  await list.poll();
  table.put(token('later'));
  await list.poll();
  expect(await has('later')).toBe(true);
  expect(table.asked).toEqual([0n, 1000n, 0n, 1000n, 1000n]);
});

test('looks over connections that have served before read on, whichever of them it is', async () => {
  for (const session of [2, 3]) {
    table.answerAs({ server: 'primary', session });
    await list.poll();
  }
  expect(table.asked).toEqual([0n, 1000n, 0n, 1000n, 0n]);
  for (const session of [1, 3, 2, 1]) {
    table.answerAs({ server: 'primary', session });
    await list.poll();
  }
  expect(table.asked.slice(5)).toEqual([1000n, 1000n, 1000n, 1000n]);
});

test('what is known from before a change of server stays known, though the new one never had it', async () => {
  table.put(token('lost-there'));
  await list.poll();
  table.startAnew();
  table.hold(2000n);
  table.answerAs({ server: 'standby', session: 1 });
  await list.poll();
  expect(await has('lost-there')).toBe(true);
});
