import { describe, expect, test } from 'vitest';
import { createCache } from '../../../src/db/cache.ts';

/** A clock that stands still until it is moved, and a source whose answers are given by hand. */
function world(bypass?: () => boolean) {
  let now = 1_000_000;
  const asked: { key: string; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const cache = createCache<string>({
    clock: { now: () => new Date(now), seconds: () => Math.floor(now / 1000) },
    max: 2,
    fresh: () => 1000,
    ...(bypass === undefined ? {} : { bypass }),
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
