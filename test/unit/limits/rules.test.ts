import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAttempts } from '../../../src/limits/attempts.ts';
import { ACCOUNT, SOURCE, waitAfter } from '../../../src/limits/rules.ts';
import { createTimedStore } from './timed-store.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

test('LO-01 four failures at an account are free, then each wait is twice the one before, up to 15 minutes', () => {
  expect(upTo(12).map((n) => waitAfter(ACCOUNT, n))).toEqual([
    ...[0, 0, 0],
    ...[30, 60, 120, 240, 480],
    ...[900, 900, 900, 900],
  ]);
});

test('a hundred failed tries from one source are free, then it waits, 4 minutes at most', () => {
  expect([1, 99, 100, 101, 102, 103, 104, 1000].map((n) => waitAfter(SOURCE, n))).toEqual([
    ...[0, 0, 30, 60, 120],
    ...[240, 240, 240],
  ]);
});

test('no wait is without end, however many tries there were', () => {
  for (const rule of [ACCOUNT, SOURCE]) expect(waitAfter(rule, Number.MAX_SAFE_INTEGER)).toBe(rule.longest);
});

/**
 * Makes attempts at the moments given, in seconds, all of them failing; those of the same moment are all made before it is known
 * of one of them that it fails.
 *
 * @returns the moments at which one was let through
 */
async function letThrough(moments: readonly number[]): Promise<number[]> {
  const store = createTimedStore();
  const { take, failed } = createAttempts({ store });
  const through: number[] = [];
  for (const [moment, sent] of Map.groupBy(moments, (at) => at)) {
    store.now = moment;
    const answers = await Promise.all(sent.map(() => take([{ key: 'aroha', rule: ACCOUNT }])));
    const taken = answers.flatMap((answer) => ('retryAfter' in answer ? [] : answer));
    await Promise.all(taken.map(failed));
    through.push(...taken.map(() => moment));
  }
  return through;
}

/** The most moments that lie within any 15 minutes. */
const mostIn15Minutes = (moments: readonly number[]) =>
  Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + 900).length));

describe('LO-01 never more than ten tries in any 15 minutes', () => {
  test('whoever tries every second for three hours', async () => {
    const through = await letThrough(upTo(3 * 3600));
    expect(mostIn15Minutes(through)).toBe(8);
    expect(through.length).toBeLessThan(24);
  });

  test('whoever keeps tries for the moment at which the first one is forgotten', async () => {
    const late = [0, 3599, 3599, ...upTo(1000).map((second) => 3600 + second)];
    expect(mostIn15Minutes(await letThrough(late))).toBe(10);
  });

  const fifty = (moment: number) => Array<number>(50).fill(moment);

  test('whoever sends fifty at once, every second for an hour', async () => {
    expect(mostIn15Minutes(await letThrough(upTo(3600).flatMap(fifty)))).toBe(10);
  });

  test('whoever sends some at the end of one window, and fifty as the next begins', async () => {
    const through = await letThrough([0, 899, 899, ...fifty(900), ...fifty(1799), ...fifty(1800)]);
    expect(through).toEqual([0, 899, 899, ...Array(8).fill(900), ...Array(10).fill(1800)]);
  });

  test('whatever the pauses between tries, and whatever comes at once', async () => {
    const pause = fc.oneof(
      fc.constantFrom(0, 0, 0, 0.001, 1, 29, 30, 60, 120, 240, 480, 899, 900, 3540, 3599, 3600),
      fc.integer({ min: 0, max: 4000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pause, { minLength: 1, maxLength: 80 }), async (pauses) => {
        let at = 0;
        const moments = pauses.map((seconds) => {
          at += seconds;
          return at;
        });
        return mostIn15Minutes(await letThrough(moments)) <= 10;
      }),
      { numRuns: 500 },
    );
  });
});
