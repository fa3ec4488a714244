import { describe, expect, test } from 'vitest';
import { createCache } from '../../../src/db/cache.ts';

/** A clock that stands still until it is moved, and a source whose answers are given by hand. */
function world(bypass?: () => boolean, freshOf?: (value: string) => number) {
  let now = 1_000_000;
  const asked: { key: string; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const cache = createCache<string>({
    clock: { now: () => new Date(now), seconds: () => Math.floor(now / 1000) },
    max: 2,
    fresh: 1000,
    ...(bypass === undefined ? {} : { bypass }),
    ...(freshOf === undefined ? {} : { freshOf }),
    load: (key) => new Promise((answer, fail) => asked.push({ key, answer, fail })),
  });
  return {
    cache,
    asked,
    move: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('the read-through cache', () => {
  test('asks once for callers that come while it is loading and while it is fresh', async () => {
    const { cache, asked, move } = world();
    const first = cache.get('a');
    const second = cache.get('a');
    asked[0]?.answer('one');
    expect(await Promise.all([first, second])).toEqual(['one', 'one']);
    move(999);
    expect(await cache.get('a')).toBe('one');
    expect(asked).toHaveLength(1);
  });

  test('counts freshness from the beginning of the load, because what changed since is not in it', async () => {
    const { cache, asked, move } = world();
    const slow = cache.get('a');
    move(900);
    asked[0]?.answer('old');
    expect(await slow).toBe('old');
    move(100);
    const next = cache.get('a');
    asked[1]?.answer('new');
    expect(await next).toBe('new');
  });

  test('takes nothing for fresh when the clock steps back', async () => {
    const { cache, asked, move } = world();
    const before = cache.get('a');
    asked[0]?.answer('old');
    await before;
    move(-3_600_000);
    const after = cache.get('a');
    asked[1]?.answer('new');
    expect(await after).toBe('new');
  });

  test('does not remember a failure', async () => {
    const { cache, asked } = world();
    const failing = cache.get('a');
    asked[0]?.fail(new Error('lost'));
    await expect(failing).rejects.toThrow('lost');
    const again = cache.get('a');
    asked[1]?.answer('found');
    expect(await again).toBe('found');
  });

  test('answers callers whose entry was pushed out or cleared while it was loading', async () => {
    const { cache, asked } = world();
    const waiting = cache.get('a');
    for (const key of ['b', 'c', 'd']) void cache.get(key);
    cache.clear();
    asked[0]?.answer('still');
    expect(await waiting).toBe('still');
  });

  test('loads for each caller alone while it is bypassed, and keeps nothing of it', async () => {
    let inside = true;
    const { cache, asked } = world(() => inside);
    const uncommitted = cache.get('a');
    asked[0]?.answer('uncommitted');
    expect(await uncommitted).toBe('uncommitted');
    inside = false;
    const outside = cache.get('a');
    asked[1]?.answer('committed');
    expect(await outside).toBe('committed');
  });
});

describe('a load that takes longer than a value is fresh', () => {
  test('is joined for as long as its value can be fresh; who comes later gets a later one', async () => {
    const { cache, asked, move } = world();
    const first = cache.get('a');
    move(999);
    const joining = cache.get('a');
    expect(asked).toHaveLength(1);
    move(1);
    const late = cache.get('a');
    expect(asked).toHaveLength(2);
    asked[1]?.answer('new');
    expect(await late).toBe('new');
    asked[0]?.answer('old');
    expect(await Promise.all([first, joining])).toEqual(['old', 'old']);
    expect(await cache.get('a'), 'what came late does not take the place of what is newer').toBe('new');
    expect(asked).toHaveLength(2);
  });

  test('leaves nothing behind, however many callers have waited for it', async () => {
    const { cache, asked, move } = world();
    const slow = cache.get('a');
    move(3000);
    asked[0]?.answer('old');
    expect(await slow).toBe('old');
    const next = cache.get('a');
    expect(asked).toHaveLength(2);
    asked[1]?.answer('new');
    expect(await next).toBe('new');
  });

  test('takes nothing from the one after it when it fails', async () => {
    const { cache, asked, move } = world();
    const failing = cache.get('a');
    move(1500);
    const next = cache.get('a');
    asked[0]?.fail(new Error('too slow'));
    await expect(failing).rejects.toThrow('too slow');
    const joining = cache.get('a');
    asked[1]?.answer('new');
    expect(await Promise.all([next, joining])).toEqual(['new', 'new']);
    expect(asked).toHaveLength(2);
  });

  test('is begun once in each such time, not once for each caller', async () => {
    const { cache, asked, move } = world();
    const waiting: Promise<string>[] = [];
    // Five seconds of a database that does not answer, with a caller for each of two keys every ten milliseconds.
    for (let at = 0; at < 5000; at += 10) {
      waiting.push(cache.get('a'), cache.get('b'));
      move(10);
    }
    expect(asked.map(({ key }) => key)).toEqual(Array(5).fill(['a', 'b']).flat());
    for (const [index, { answer }] of asked.entries()) answer(`load ${index}`);
    const answers = await Promise.all(waiting);
    expect(new Set(answers).size, 'each caller has the load of its own second').toBe(10);
  });
});

describe('where values serve for different times', () => {
  const freshOf = (value: string) => (value === 'lasting' ? 60_000 : 1000);

  test('each serves for its own', async () => {
    const { cache, asked, move } = world(undefined, freshOf);
    const first = cache.get('a');
    asked[0]?.answer('brief');
    await first;
    move(1000);
    const second = cache.get('a');
    asked[1]?.answer('lasting');
    await second;
    move(59_999);
    expect(await cache.get('a')).toBe('lasting');
    expect(asked).toHaveLength(2);
    move(1);
    void cache.get('a');
    expect(asked).toHaveLength(3);
  });

  test('a load is joined for the shortest of them: nobody knows yet what it brings', async () => {
    const { cache, asked, move } = world(undefined, freshOf);
    void cache.get('a');
    move(1000);
    void cache.get('a');
    expect(asked).toHaveLength(2);
  });
});
