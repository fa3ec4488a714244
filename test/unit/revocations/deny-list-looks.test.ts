import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDenyList } from '../../../src/revocations/index.ts';
import { createFakeRevocations, createTestClock, type FakeRevocations, type TestClock } from './fakes.ts';

/** When a node looks at what was taken back, and how looks that meet share one. */

let clock: TestClock;
let table: FakeRevocations;

/** Far longer than a test takes: a look is taken when it is told to. */
const NEVER = 3_600_000;

const open = (every: number) => createDenyList({ revocations: table, clock, every, onError: () => {} });

beforeEach(() => {
  clock = createTestClock();
  table = createFakeRevocations(clock);
});

const token = (id: string) =>
  ({ kind: 'token', id, expiresAt: new Date(clock.now().getTime() + 300_000) }) as const;

describe('looks at once', () => {
  let list: ReturnType<typeof open>;
  beforeEach(() => {
    list = open(NEVER);
  });
  afterEach(() => list.close());

  const has = (id: string) => list.has({ token: id, grant: undefined });

  test('share one; who asks while it is under way gets one that begins afterwards', async () => {
    const go = table.pause();
    const first = list.poll();
    table.put(token('late'));
    const others = Array.from({ length: 10 }, () => list.poll());
    go();
    await Promise.all([first, ...others]);
    expect(await has('late')).toBe(true);
    expect(table.asked).toHaveLength(2);
  });

  test('of which the first fails: the second tells', async () => {
    const go = table.pause();
    table.fail(new Error('away'));
    const first = list.poll();
    table.fail();
    table.put(token('late'));
    const second = list.poll();
    go();
    await Promise.all([first, second]);
    expect(await has('late')).toBe(true);
  });
});

describe('the time between two looks', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('passes by itself, and begins when a look has ended', async () => {
    const own = open(250);
    await vi.advanceTimersByTimeAsync(249);
    expect(table.asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(table.asked).toHaveLength(1);
    const go = table.pause();
    await vi.advanceTimersByTimeAsync(2000);
    expect(table.asked).toHaveLength(2);
    go();
    await vi.advanceTimersByTimeAsync(249);
    expect(table.asked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(table.asked).toHaveLength(3);
    await own.close();
  });

  test('goes on after a look that failed', async () => {
    const own = open(250);
    table.fail(new Error('away'));
    await vi.advanceTimersByTimeAsync(1000);
    table.fail();
    expect(table.asked).toHaveLength(4);
    table.put(token('first'));
    await vi.advanceTimersByTimeAsync(250);
    expect(await own.has({ token: 'first', grant: undefined })).toBe(true);
    await own.close();
  });

  test('ends with the list, which waits for a look under way', async () => {
    const own = open(250);
    const go = table.pause();
    await vi.advanceTimersByTimeAsync(250);
    let closed = false;
    const closing = own.close().then(() => {
      closed = true;
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(closed).toBe(false);
    go();
    await closing;
    await vi.advanceTimersByTimeAsync(5000);
    expect(table.asked).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a list that is closed before its first look never looks', async () => {
    const own = open(250);
    await own.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(table.asked).toHaveLength(0);
  });

  test('a look that was asked for while another was under way is waited for as well', async () => {
    const own = open(NEVER);
    const go = table.pause();
    void own.poll();
    void own.poll();
    const closing = own.close();
    go();
    await closing;
    expect(table.asked).toHaveLength(2);
  });
});
