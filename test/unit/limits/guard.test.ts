import { beforeEach, describe, expect, test } from 'vitest';
import { createSignInGuard, type Leave, type Limited, type SignInGuard } from '../../../src/limits/index.ts';
import { createTimedStore, type TimedStore } from './timed-store.ts';

let store: TimedStore;
let guard: SignInGuard;
let limited: Limited[];

/** One node of a system, on the store of all. */
const node = (issuer = 'https://auth.example.test') =>
  createSignInGuard({
    store,
    clock: { now: () => new Date(store.now * 1000), seconds: () => store.now },
    issuer,
    key: 'the key of the tests',
    onLimited: async (one) => void limited.push(one),
  });

beforeEach(() => {
  limited = [];
  store = createTimedStore();
  guard = node();
});

const here = '192.0.2.7';
const aroha = 'aroha@example.test';

async function enter({ identifier = aroha, source = here, known = undefined as string | undefined } = {}) {
  return guard.attempt({ identifier, source, known });
}

async function leave(who: Parameters<typeof enter>[0] = {}): Promise<Leave> {
  const answer = await enter(who);
  if ('retryAfter' in answer) throw new Error(`refused for ${answer.retryAfter} s`);
  return answer;
}

const fail = async (who: Parameters<typeof enter>[0] = {}) => (await leave(who)).failed();
const refused = async (who: Parameters<typeof enter>[0] = {}) => 'retryAfter' in (await enter(who));

async function failTimes(n: number, who: (n: number) => Parameters<typeof enter>[0] = () => ({})) {
  for (let i = 0; i < n; i += 1) await fail(who(i));
}

describe('LO-01 an account', () => {
  test('is the same however its name is written', async () => {
    for (const identifier of [aroha, ' AROHA@example.test', 'Aroha@Example.Test ', 'ａroha@example.test'])
      await fail({ identifier });
    expect(await refused()).toBe(true);
  });

  test('says each time that a wait begins, how long, and for whom: not with a right password', async () => {
    await failTimes(4);
    expect(limited).toEqual([{ identifier: aroha, source: here, wait: 30 }]);
    expect(await refused()).toBe(true);
    store.now += 31;
    await fail();
    expect(limited).toHaveLength(2);
    expect(limited[1]?.wait).toBe(60);
    store.now += 61;
    await (await leave()).succeeded();
    expect(limited).toHaveLength(2);
  });

  test('a right password ends the count', async () => {
    await failTimes(3);
    await (await leave()).succeeded();
    await failTimes(4);
    expect(await refused()).toBe(true);
  });

  test('ten right passwords at once, from ten new browsers, all of them are let in', async () => {
    const leaves = await Promise.all(Array.from({ length: 10 }, () => leave()));
    const cookies = await Promise.all(leaves.map((one) => one.succeeded()));
    expect(new Set(cookies).size).toBe(10);
    expect(limited).toEqual([]);
    await failTimes(4);
    expect(await refused()).toBe(true);
  });

  test('of fifty wrong passwords at once, at two nodes, ten are looked at; then one has to wait', async () => {
    const other = node();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        (n % 2 === 0 ? guard : other).attempt({ identifier: aroha, source: here, known: undefined }),
      ),
    );
    const leaves = answers.flatMap((answer) => ('retryAfter' in answer ? [] : [answer]));
    expect(leaves).toHaveLength(10);
    await Promise.all(leaves.map((one) => one.failed()));
    expect(await enter()).toEqual({ retryAfter: 900 });
    expect(limited.map(({ wait }) => wait)).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  test('what was not looked at does not count', async () => {
    for (let n = 0; n < 10; n += 1) await (await leave()).unused();
    await failTimes(4);
    expect(await refused()).toBe(true);
  });
});

describe('a source', () => {
  test('is refused for every name once a hundred failed there, then waits, and other sources do not', async () => {
    await failTimes(100, (n) => ({ identifier: `person-${n}` }));
    const answer = await enter();
    expect(answer).toEqual({ retryAfter: expect.any(Number) });
    expect(await refused({ source: '192.0.2.8' })).toBe(false);
    store.now += 31;
    await fail({ identifier: 'the next' });
    expect(await refused()).toBe(true);
    // The limit of a source is no account's.
    expect(limited).toEqual([]);
  });

  test('right passwords do not count: a hospital behind one address signs in', async () => {
    for (let n = 0; n < 120; n += 1) await (await leave({ identifier: `person-${n}` })).succeeded();
    expect(await refused()).toBe(false);
  });

  test('has its limit for what comes at once too', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, n) => enter({ identifier: `person-${n}` })),
    );
    expect(answers.filter((answer) => !('retryAfter' in answer))).toHaveLength(200);
  });

  test('one right password does not forget what failed there', async () => {
    await failTimes(99, (n) => ({ identifier: `person-${n}` }));
    await (await leave()).succeeded();
    await fail({ identifier: 'the hundredth' });
    expect(await refused()).toBe(true);
  });

  test('is a whole network of IPv6', async () => {
    await failTimes(100, (n) => ({ identifier: `person-${n}`, source: `2001:db8:0:7::${n.toString(16)}` }));
    expect(await refused({ source: '2001:db8:0:7:ffff::' })).toBe(true);
    expect(await refused({ source: '2001:db8:0:8::1' })).toBe(false);
  });
});

describe('LO-01 a browser in which the account signed in before', () => {
  let known: string;
  beforeEach(async () => {
    known = await (await leave()).succeeded();
  });

  test('is let in while strangers have to wait, and while its source has', async () => {
    await failTimes(4);
    await failTimes(96, (n) => ({ identifier: `person-${n}` }));
    expect(await refused()).toBe(true);
    expect(await refused({ known })).toBe(false);
  });

  test('has a count of its own, and using it up is no stranger’s loss', async () => {
    await failTimes(4, () => ({ known }));
    expect(await refused({ known })).toBe(true);
    expect(limited).toHaveLength(1);
    expect(await refused()).toBe(false);
    store.now += 31;
    expect(await refused({ known })).toBe(false);
  });

  test('is one of few: however many somebody has made known, tries in all of them have one limit', async () => {
    const many: string[] = [];
    for (let n = 0; n < 6; n += 1) many.push(await (await leave()).succeeded());
    for (const value of many.slice(0, 5)) await failTimes(4, () => ({ known: value }));
    expect(await refused({ known: many[5] ?? '' })).toBe(true);
    expect(await refused()).toBe(false);
    store.now += 31;
    expect(await refused({ known: many[5] ?? '' })).toBe(false);
  });

  test('is a stranger to every other account', async () => {
    await failTimes(4, () => ({ identifier: 'mere@example.test', source: '192.0.2.8' }));
    expect(await refused({ identifier: 'mere@example.test', known })).toBe(true);
  });

  test('stays known for her when somebody else signs in there', async () => {
    const both = await (await leave({ identifier: 'mere@example.test', known })).succeeded();
    await failTimes(4);
    expect(await refused({ known: both })).toBe(false);
  });
});

test('nothing in the store says who, or from where', async () => {
  const known = await (await leave()).succeeded();
  await failTimes(4);
  await failTimes(4, () => ({ known }));
  expect(new Set([...store.keys].map((key) => key.split(':')[0])).size).toBe(4);
  for (const key of store.keys) expect(key).toMatch(/^[\w-]{43}(:(failed|last|\d))?$/);
});

test('two systems on one store count apart', async () => {
  await failTimes(4);
  expect(await refused()).toBe(true);
  guard = node('https://another.example.test');
  expect(await refused()).toBe(false);
});

test('two nodes of one system count together', async () => {
  await failTimes(2);
  guard = node();
  await failTimes(2);
  expect(await refused()).toBe(true);
});

test('what is typed as a name keeps nobody from what is counted for an account', async () => {
  const kinds = ['password', 'address', 'reset-code', 'first-password'] as const;
  const names = [
    'aroha',
    'account aroha',
    ...kinds.flatMap((of) => [`${of} of aroha`, `${of} of account aroha`]),
  ];
  for (const identifier of ['code of aroha', 'code aroha', ...names])
    await failTimes(4, () => ({ identifier }));
  for (const of of kinds)
    expect(
      await guard.attempt({ identifier: 'aroha', of, source: here, known: undefined }),
    ).not.toHaveProperty('retryAfter');
  expect(await guard.attemptCode({ accountId: 'aroha', source: here })).not.toHaveProperty('retryAfter');
});

test('a browser is known for an account by whichever way somebody signed in', async () => {
  expect(guard.knows(undefined, 'aroha')).toBe(false);
  const value = guard.remember(await (await leave()).succeeded(), 'aroha');
  expect([guard.knows(value, 'aroha'), guard.knows(value, 'mere')]).toEqual([true, false]);
  expect((await leave({ known: value })).known).toBe(true);
});

test('what anybody may ask for is counted for each source apart, and from there however the name is written', async () => {
  const ask = (source: string, identifier = aroha) =>
    guard.attempt({ identifier, eachSource: true, source, known: undefined });
  for (const identifier of [aroha, ' AROHA@example.test', aroha, aroha]) {
    const answer = await ask('203.0.113.9', identifier);
    if ('failed' in answer) await answer.failed();
  }
  expect('retryAfter' in (await ask('203.0.113.9'))).toBe(true);
  expect('retryAfter' in (await ask(here))).toBe(false);
});
