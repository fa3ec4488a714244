import { expect, test } from 'vitest';
import { createDenyList } from '../../../src/revocations/index.ts';
import { createFakeRevocations, createTestClock } from './fakes.ts';

/** Grants that go on with less: what was made from an earlier version of the decision is refused, what came after is good. */

function start() {
  const clock = createTestClock();
  const revocations = createFakeRevocations(clock);
  const list = createDenyList({ revocations, clock, every: 3_600_000, onError: () => {} });
  const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);
  const has = (version?: number) => list.has({ token: 'family.x', grant: 'family', version });
  const seen = async () => [await has(), await has(1), await has(2), await has(3)];
  return { clock, revocations, list, inSeconds, seen };
}

test('up to the version, and without one', async () => {
  const { revocations, list, inSeconds, seen } = start();
  await list.poll();
  expect(await seen()).toEqual([false, false, false, false]);
  await revocations.narrow({ grant: 'family', toVersion: 1, expiresAt: inSeconds(360) });
  await list.poll();
  expect(await seen()).toEqual([true, true, false, false]);
  expect(await list.has({ token: 'other.x', grant: 'other', version: 1 })).toBe(false);
  expect(await list.has({ token: 'system', grant: undefined })).toBe(false);
  expect(list.size()).toBe(1);
  await list.close();
});

test('further, when something is taken back a second time', async () => {
  const { revocations, list, inSeconds, seen } = start();
  await revocations.narrow({ grant: 'family', toVersion: 1, expiresAt: inSeconds(360) });
  await list.poll();
  await revocations.narrow({ grant: 'family', toVersion: 2, expiresAt: inSeconds(360) });
  await list.poll();
  expect(await seen()).toEqual([true, true, true, false]);
  await list.close();
});

test('as the database says where the list is too old, and no longer than it matters', async () => {
  const { clock, revocations, list, inSeconds, seen } = start();
  await revocations.narrow({ grant: 'family', toVersion: 1, expiresAt: inSeconds(360) });
  await list.poll();
  clock.pass(2000);
  expect(await seen()).toEqual([true, true, false, false]);
  expect(revocations.lookUps()).toBe(4);
  clock.pass(360_000);
  await list.poll();
  expect(await seen()).toEqual([false, false, false, false]);
  expect(list.size()).toBe(0);
  await list.close();
});
