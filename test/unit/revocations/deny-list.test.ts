import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDenyList, type DenyList } from '../../../src/revocations/index.ts';
import { createFakeRevocations, createTestClock, type FakeRevocations, type TestClock } from './fakes.ts';

/** What a node remembers of tokens that were taken back, and when it does not trust its memory. */

let clock: TestClock;
let table: FakeRevocations;
let list: DenyList;
let faults: unknown[];

/** Far longer than a test takes: a look is taken when it is told to. */
const NEVER = 3_600_000;

beforeEach(() => {
  clock = createTestClock();
  table = createFakeRevocations(clock);
  faults = [];
  list = createDenyList({
    revocations: table,
    clock,
    every: NEVER,
    onError: (error) => void faults.push(error),
  });
});
afterEach(() => list.close());

const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);
const token = (id: string, seconds = 300) => ({ kind: 'token', id, expiresAt: inSeconds(seconds) }) as const;
const grant = (id: string, seconds = 360) => ({ kind: 'grant', id, expiresAt: inSeconds(seconds) }) as const;
const has = (id: string, ofGrant?: string) => list.has({ token: id, grant: ofGrant });

describe('while the last look is fresh', () => {
  test('a token is known by itself, or by its grant, and by nothing else', async () => {
    table.put(token('first'));
    table.put(grant('family'));
    await list.poll();
    expect(await has('first')).toBe(true);
    expect(await has('first', 'another')).toBe(true);
    expect(await has('second')).toBe(false);
    expect(await has('second', 'family')).toBe(true);
    expect(await has('second', 'another')).toBe(false);
    // A name is not both.
    expect(await has('family')).toBe(false);
    expect(await has('second', 'first')).toBe(false);
    expect(list.size()).toBe(2);
  });

  test('the table is never asked about a token', async () => {
    table.put(token('first'));
    await list.poll();
    for (let n = 0; n < 1000; n += 1) await has(`token-${n}`, 'family');
    expect(await has('first')).toBe(true);
    expect(table.lookUps()).toBe(0);
  });

  test('each look reads on from where the one before said', async () => {
    await list.poll();
    table.put(token('first'));
    await list.poll();
    table.put(token('second'));
    await list.poll();
    expect(table.asked).toEqual([0n, 1000n, 1001n]);
    expect([await has('first'), await has('second')]).toEqual([true, true]);
  });
});

test('a row of a transaction that began early and ended late is not missed', async () => {
  table.put(token('quick'), 1007n);
  // 1005 is still under way when somebody looks.
  table.hold(1005n);
  await list.poll();
  expect([await has('quick'), await has('slow')]).toEqual([true, false]);
  table.hold(1010n);
  table.put(token('slow'), 1005n);
  await list.poll();
  expect([await has('quick'), await has('slow')]).toEqual([true, true]);
  expect(table.asked).toEqual([0n, 1005n]);
});

test('what would have ended by itself is forgotten', async () => {
  table.put(token('short', 10));
  table.put(grant('long', 60));
  await list.poll();
  expect(list.size()).toBe(2);
  clock.pass(10_000);
  await list.poll();
  expect(list.size()).toBe(1);
  expect([await has('short'), await has('other', 'long')]).toEqual([false, true]);
  clock.pass(50_000);
  await list.poll();
  expect(list.size()).toBe(0);
});

describe('a list that is too old', () => {
  test('decides nothing: the table is asked for each token', async () => {
    await list.poll();
    table.put(token('first'));
    clock.pass(899);
    expect(await has('first')).toBe(false);
    expect(table.lookUps()).toBe(0);
    clock.pass(1);
    expect(list.age()).toBe(900);
    expect([await has('first'), await has('second'), await has('third', 'family')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(table.lookUps()).toBe(3);
    await list.poll();
    expect(await has('first')).toBe(true);
    expect(table.lookUps()).toBe(3);
  });

  test('is also one that was never read', async () => {
    table.put(grant('family'));
    expect(await has('first', 'family')).toBe(true);
    expect(table.lookUps()).toBe(1);
  });

  test('is one from a clock that has stepped back since', async () => {
    await list.poll();
    table.put(token('first'));
    clock.pass(-1);
    expect(await has('first')).toBe(true);
    expect(table.lookUps()).toBe(1);
  });

  test('is one whose look took too long: its age counts from the beginning', async () => {
    const go = table.pause();
    const look = list.poll();
    table.put(token('first'));
    clock.pass(1000);
    go();
    await look;
    expect(list.age()).toBe(1000);
    expect(await has('first')).toBe(true);
    expect(table.lookUps()).toBe(1);
  });

  test('and a table that cannot be asked: a fault, not an answer', async () => {
    await list.poll();
    clock.pass(900);
    table.fail(new Error('away'));
    await expect(has('first')).rejects.toThrow('away');
    table.fail();
    expect(await has('first')).toBe(false);
  });
});

describe('a clock that was ahead for a while', () => {
  test('and is put right has not made the list forget', async () => {
    table.put(token('first'));
    await list.poll();
    clock.pass(3_600_000);
    await list.poll();
    clock.pass(-3_600_000);
    await list.poll();
    expect(await has('first')).toBe(true);
  });

  test('and is put right has not made the list skip what came meanwhile', async () => {
    await list.poll();
    const first = token('first');
    clock.pass(3_600_000);
    table.put(first);
    await list.poll();
    clock.pass(-3_600_000);
    await list.poll();
    expect(await has('first')).toBe(true);
  });
});

describe('a look that fails', () => {
  test('leaves what is known, is said once, and the next one reads all that came meanwhile', async () => {
    table.put(token('first'));
    await list.poll();
    table.fail(new Error('away'));
    table.put(token('second'));
    for (let n = 0; n < 3; n += 1) await list.poll();
    expect(faults).toEqual([expect.objectContaining({ message: 'away' })]);
    expect(await has('first')).toBe(true);
    table.fail();
    await list.poll();
    expect(await has('second')).toBe(true);
    table.fail(new Error('away again'));
    await list.poll();
    expect(faults).toHaveLength(2);
  });

  test('makes the list no younger', async () => {
    await list.poll();
    clock.pass(500);
    table.fail(new Error('away'));
    await list.poll();
    expect(list.age()).toBe(500);
  });
});

test('a database that counts its transactions anew is read from the beginning', async () => {
  table.put(token('before'));
  await list.poll();
  table.startAnew();
  table.put(token('after'), 3n);
  await list.poll();
  expect(await has('after')).toBe(true);
  // What this node knows was taken back stays so: the token is as bad as before.
  expect(await has('before')).toBe(true);
  expect(table.asked.slice(1)).toEqual([1001n, 0n]);
  table.put(token('later'), 4n);
  await list.poll();
  expect(await has('later')).toBe(true);
  expect(table.asked.at(-1)).toBe(1n);
});

test('the difference to the clock of the database is what it was at the last look', async () => {
  expect(list.skew()).toBe(0);
  const apart = {
    ...table,
    since: async (from: bigint) => ({ ...(await table.since(from)), at: inSeconds(-70) }),
  };
  const other = createDenyList({ revocations: apart, clock, every: NEVER, onError: () => {} });
  await other.poll();
  expect(other.skew()).toBe(70_000);
  await other.close();
});
