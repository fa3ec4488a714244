import { beforeEach, describe, expect, test } from 'vitest';
import { type Attempts, createAttempts, type Taken, type TooMany } from '../../../src/limits/attempts.ts';
import { ACCOUNT, type Rule, SOURCE } from '../../../src/limits/rules.ts';
import { createTimedStore, type TimedStore } from './timed-store.ts';

const aroha = { key: 'aroha', rule: ACCOUNT };
const hospital = { key: 'hospital', rule: { ...SOURCE, free: 6, most: 12 } satisfies Rule };

let store: TimedStore;
let attempts: Attempts;
beforeEach(() => {
  store = createTimedStore();
  attempts = createAttempts({ store });
});

const mayTry = (answer: readonly Taken[] | TooMany): readonly Taken[] => {
  if ('retryAfter' in answer) throw new Error('refused');
  return answer;
};

/** The one try of those that were taken at an account. */
async function takeOne(): Promise<Taken> {
  const [taken] = mayTry(await attempts.take([aroha]));
  if (taken === undefined) throw new Error('nothing was taken');
  return taken;
}

/** One try that fails. @returns seconds to wait, 0 when it may be made */
async function attempt(counted = [aroha]): Promise<number> {
  const answer = await attempts.take(counted);
  if ('retryAfter' in answer) return answer.retryAfter;
  await Promise.all(answer.map(attempts.failed));
  return 0;
}

const times = async <T>(n: number, work: () => Promise<T>) => {
  const results: T[] = [];
  for (let i = 0; i < n; i += 1) results.push(await work());
  return results;
};

/** So many tries at once. @returns those that may be made, all of them not known to fail yet */
async function takeAtOnce(n: number): Promise<Taken[]> {
  const answers = await Promise.all(Array.from({ length: n }, () => attempts.take([aroha])));
  return answers.flatMap((answer) => ('retryAfter' in answer ? [] : answer));
}

describe('a try that is refused', () => {
  test('says how long to wait, and does not make the wait longer', async () => {
    expect(await times(6, attempt)).toEqual([0, 0, 0, 0, 30, 30]);
    store.now = 29;
    expect(await times(100, attempt)).toEqual(Array(100).fill(1));
    store.now = 30;
    expect(await times(2, attempt)).toEqual([0, 60]);
  });

  test('after a quarter of an hour one more try is possible, whatever came before', async () => {
    for (store.now = 0; store.now < 7200; store.now += 1) await attempt();
    store.now += 900;
    expect(await times(2, attempt)).toEqual([0, 900]);
  });

  test('after an hour without a try everything is forgotten', async () => {
    await times(10, attempt);
    store.now = 3600;
    expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
  });
});

describe('LO-01 of fifty at once', () => {
  test('ten go through, and when they fail nobody until the wait is over', async () => {
    const taken = await takeAtOnce(50);
    expect(taken).toHaveLength(10);
    expect(await attempt()).toBe(900);
    const waits = await Promise.all(taken.map(attempts.failed));
    expect(waits).toEqual([0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
    store.now = 899;
    expect(await takeAtOnce(50)).toEqual([]);
    store.now = 900;
    expect(await takeAtOnce(50)).toHaveLength(10);
  });

  test('nobody has to wait while nobody has failed', async () => {
    for (const taken of await takeAtOnce(50)) await attempts.end({ forget: [taken] });
    expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
  });

  test('those that are still being made stay counted when one was right', async () => {
    const [first, ...others] = await takeAtOnce(10);
    if (first !== undefined) await attempts.end({ forget: [first] });
    const more = await takeAtOnce(50);
    expect(more).toHaveLength(1);
    await Promise.all([...others, ...more].map(attempts.failed));
    expect(await attempt()).toBe(900);
  });
});

describe('LO-01 a wait', () => {
  test('is not shortened by a failure of the same moment that is known late, or counted late', async () => {
    const taken = await takeAtOnce(9);
    await Promise.all(taken.slice(0, 8).map(attempts.failed));
    expect(await attempt()).toBe(480);
    store.now = 10;
    await Promise.all(taken.slice(8).map(attempts.failed));
    expect(await attempt()).toBe(900);
    // As if the fourth one had been the last to write.
    await store.set({ key: 'aroha:last', seconds: ACCOUNT.memory }, 4);
    expect(await attempt()).toBe(900);
  });

  test('is not ended by forgetting the failure with which the count began', async () => {
    await times(3, attempt);
    store.now = 3590;
    await times(2, attempt);
    store.now = 3601;
    expect(await attempt()).toBe(19);
    store.now = 3620;
    expect(await times(2, attempt)).toEqual([0, 60]);
  });
});

test('forgetting begins anew, in the middle of a wait too', async () => {
  const taken = await takeOne();
  await times(4, attempt);
  expect(await attempt()).toBe(30);
  await attempts.end({ forget: [taken] });
  expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
});

test('as many right tries as one likes, whatever failed before each of them', async () => {
  for (let n = 0; n < 20; n += 1) {
    expect(await times(3, attempt)).toEqual([0, 0, 0]);
    await attempts.end({ forget: [await takeOne()] });
  }
});

describe('a try that is taken back', () => {
  test('was none: neither counted nor waited for', async () => {
    for (let i = 0; i < 20; i += 1) await attempts.end({ takeBack: [await takeOne()] });
    expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
  });

  test('makes room for another', async () => {
    const taken = await takeAtOnce(10);
    expect(await takeAtOnce(1)).toEqual([]);
    await attempts.end({ takeBack: taken.slice(3, 6) });
    expect((await takeAtOnce(50)).length).toBeLessThanOrEqual(3);
    await attempts.end({ takeBack: taken.slice(6) });
    expect((await takeAtOnce(50)).length).toBeGreaterThan(0);
  });

  test('after its count is over makes no room for an eleventh', async () => {
    const old = await takeAtOnce(10);
    store.now = 901;
    await attempts.end({ takeBack: old });
    expect(await takeAtOnce(50)).toHaveLength(10);
  });

  test('leaves the wait of another one alone', async () => {
    const first = await takeOne();
    await times(4, attempt);
    await attempts.end({ takeBack: [first] });
    expect(await attempt()).toBe(30);
  });
});

describe('a try that counts twice', () => {
  test('is refused for the longer of both waits, and then counts nowhere', async () => {
    await times(4, attempt);
    expect(await attempts.take([aroha, hospital])).toEqual({ retryAfter: 30 });
    expect(await times(7, () => attempt([hospital]))).toEqual([0, 0, 0, 0, 0, 0, 30]);
    store.now = 10;
    expect(await attempts.take([aroha, hospital])).toEqual({ retryAfter: 20 });
    expect((await store.find('hospital'))?.count).toBe(6);
  });

  test('is taken back from the one where the other refuses it in the last moment', async () => {
    const answers = await Promise.all(Array.from({ length: 11 }, () => attempts.take([aroha, hospital])));
    expect(answers.filter((answer) => 'retryAfter' in answer)).toEqual([{ retryAfter: 900 }]);
    expect((await store.find('hospital'))?.count).toBe(10);
  });

  test('is refused where too many are being made under either', async () => {
    for (let n = 0; n < 12; n += 1) mayTry(await attempts.take([hospital]));
    expect(await attempts.take([aroha, hospital])).toEqual({ retryAfter: 900 });
    expect(await takeAtOnce(50)).toHaveLength(10);
  });
});
