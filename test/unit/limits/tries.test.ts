import { beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT, type Rule } from '../../../src/limits/rules.ts';
import { createTries, type Taken, type Tries } from '../../../src/limits/tries.ts';
import { createTimedStore, type TimedStore } from './timed-store.ts';

const aroha = { key: 'aroha', rule: ACCOUNT };
const hospital = { key: 'hospital', rule: { free: 6, first: 30, longest: 240, memory: 900 } satisfies Rule };

let store: TimedStore;
let tries: Tries;
beforeEach(() => {
  store = createTimedStore();
  tries = createTries({ store });
});

/** One try at one account. @returns seconds to wait, 0 when it may be made */
async function attempt(): Promise<number> {
  const taken = await tries.take([aroha]);
  return 'retryAfter' in taken ? taken.retryAfter : 0;
}

const times = async (n: number, work: () => Promise<number>) => {
  const results: number[] = [];
  for (let i = 0; i < n; i += 1) results.push(await work());
  return results;
};

const mayTry = (taken: readonly Taken[] | { retryAfter: number }): readonly Taken[] => {
  if ('retryAfter' in taken) throw new Error('refused');
  return taken;
};

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

test('LO-01 of fifty at once four go through, and nobody until the wait is over', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, attempt));
  expect(answers.filter((wait) => wait === 0)).toHaveLength(4);
  expect(Math.min(...answers.filter((wait) => wait > 0))).toBeGreaterThanOrEqual(30);
  expect(await attempt()).toBeGreaterThanOrEqual(30);
  store.now = 900;
  expect((await Promise.all(Array.from({ length: 50 }, attempt))).filter((wait) => wait === 0)).toHaveLength(
    1,
  );
});

test('forgetting begins anew, in the middle of a wait too', async () => {
  await times(5, attempt);
  await tries.forget(aroha);
  expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
});

describe('a try that is taken back', () => {
  test('was none: neither counted nor waited for', async () => {
    for (let i = 0; i < 20; i += 1) {
      const [taken] = mayTry(await tries.take([aroha]));
      await tries.takeBack(aroha, taken ?? { wait: 0 });
    }
    expect(await times(5, attempt)).toEqual([0, 0, 0, 0, 30]);
  });

  test('leaves the wait of another one alone', async () => {
    const [first] = mayTry(await tries.take([aroha]));
    await times(3, attempt);
    await tries.takeBack(aroha, first ?? { wait: 0 });
    expect(await attempt()).toBe(30);
  });
});

describe('a try that counts twice', () => {
  test('is refused for the longer of both waits, and then counts nowhere', async () => {
    await times(4, attempt);
    expect(await tries.take([aroha, hospital])).toEqual({ retryAfter: 30 });
    for (let i = 0; i < 6; i += 1) mayTry(await tries.take([hospital]));
    expect(await tries.take([hospital])).toEqual({ retryAfter: 30 });
    store.now = 10;
    expect(await tries.take([aroha, hospital])).toEqual({ retryAfter: 20 });
  });

  test('is taken back from the one where the other refuses it in the last moment', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => tries.take([aroha, hospital])));
    expect(answers.filter((answer) => 'retryAfter' in answer)).toHaveLength(1);
    expect((await store.find('hospital'))?.count).toBe(4);
  });
});
