import { describe, expect, test, vi } from 'vitest';
import { createGroup } from '../../../src/db/group.ts';
import { Overloaded } from '../../../src/errors.ts';

/** A database write that finishes when the test says so; it remembers what came in which group. */
function handWriter() {
  const groups: string[][] = [];
  const waiting: { resolve: (results: string[]) => void; reject: (error: unknown) => void }[] = [];
  return {
    groups,
    write: (items: readonly string[]) =>
      new Promise<string[]>((resolve, reject) => {
        groups.push([...items]);
        waiting.push({ resolve, reject });
      }),
    /** Finishes the oldest write that is under way. */
    async finish() {
      waiting.shift()?.resolve((groups[groups.length - waiting.length - 1] ?? []).map((item) => `${item}!`));
      await new Promise((resolve) => setImmediate(resolve));
    },
    async fail(error: unknown) {
      waiting.shift()?.reject(error);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const roomy = { maxItems: 100, maxWaiting: 100, lanes: 1 };

const unique = Object.assign(new Error('duplicate key'), { code: '23505' });
const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

describe('group commit', () => {
  test('writes a lone item at once and alone', async () => {
    const writer = handWriter();
    const result = createGroup({ ...roomy, write: writer.write })('aroha');
    expect(writer.groups).toEqual([['aroha']]);
    await writer.finish();
    expect(await result).toBe('aroha!');
  });

  test('writes together what arrives while a group is under way', async () => {
    const writer = handWriter();
    const add = createGroup({ ...roomy, write: writer.write });
    const results = [add('aroha'), add('tama'), add('hana'), add('leo')];
    expect(writer.groups).toEqual([['aroha']]);
    await writer.finish();
    expect(writer.groups).toEqual([['aroha'], ['tama', 'hana', 'leo']]);
    await writer.finish();
    expect(await Promise.all(results)).toEqual(['aroha!', 'tama!', 'hana!', 'leo!']);
    expect(writer.groups).toHaveLength(2);
  });

  test('gives each caller its own result, in whatever group it went', async () => {
    const write = vi.fn(async (items: readonly number[]) => items.map((item) => item * item));
    const add = createGroup({ write, maxItems: 7, maxWaiting: 1000, lanes: 3 });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    expect(await Promise.all(numbers.map(add))).toEqual(numbers.map((one) => one * one));
    expect(Math.max(...write.mock.calls.map(([items]) => items.length))).toBe(7);
  });

  test('settles a caller only when its group is written', async () => {
    const writer = handWriter();
    const settled = vi.fn();
    const result = createGroup({ ...roomy, write: writer.write })('aroha').then(settled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();
    await writer.finish();
    await result;
    expect(settled).toHaveBeenCalledOnce();
  });

  test('has no more groups under way than lanes', async () => {
    const writer = handWriter();
    const add = createGroup({ ...roomy, write: writer.write, lanes: 2 });
    const results = ['aroha', 'tama', 'hana', 'leo'].map(add);
    expect(writer.groups).toEqual([['aroha'], ['tama']]);
    for (let written = 0; written < 3; written += 1) await writer.finish();
    await Promise.all(results);
    expect(writer.groups).toEqual([['aroha'], ['tama'], ['hana', 'leo']]);
  });

  test('refuses one more than may wait, and takes the next when there is room again', async () => {
    const writer = handWriter();
    const add = createGroup({ ...roomy, write: writer.write, maxWaiting: 2 });
    const taken = ['under way', 'waiting 1', 'waiting 2'].map(add);
    const refused = add('too many');
    await expect(refused).rejects.toThrow(Overloaded);
    await expect(refused).rejects.toMatchObject({ statusCode: 503 });
    await writer.finish();
    const later = add('later');
    await writer.finish();
    await writer.finish();
    expect(await Promise.all([...taken, later])).toHaveLength(4);
    expect(writer.groups.flat()).not.toContain('too many');
  });
});

describe('a group that fails', () => {
  test('because of one item fails that item alone', async () => {
    const groups: string[][] = [];
    const write = async (items: readonly string[]) => {
      groups.push([...items]);
      await new Promise((resolve) => setImmediate(resolve));
      if (items.includes('bad')) throw unique;
      return items.map((item) => `${item}!`);
    };
    const add = createGroup({ ...roomy, write });
    const results = await Promise.allSettled(['first', 'good', 'bad', 'also good'].map(add));
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))).toEqual([
      'first!',
      'good!',
      unique,
      'also good!',
    ]);
    expect(groups).toEqual([['first'], ['good', 'bad', 'also good'], ['good'], ['bad'], ['also good']]);
  });

  test.each([
    ['the connection is lost', lost],
    ['the database is too busy', new Overloaded('5000 writes are waiting')],
  ])('because %s fails once for all: no write for each', async (_, fault) => {
    const writer = handWriter();
    const add = createGroup({ ...roomy, write: writer.write });
    const results = Promise.allSettled(['first', 'tama', 'hana', 'leo'].map(add));
    await writer.finish();
    await writer.fail(fault);
    const [first, ...others] = await results;
    expect(first?.status).toBe('fulfilled');
    expect(others).toEqual(Array(3).fill({ status: 'rejected', reason: fault }));
    expect(writer.groups).toHaveLength(2);
  });

  test('leaves the lane free for the next', async () => {
    const writer = handWriter();
    const add = createGroup({ ...roomy, write: writer.write });
    const failed = expect(add('aroha')).rejects.toBe(lost);
    await writer.fail(lost);
    await failed;
    const next = add('tama');
    await writer.finish();
    expect(await next).toBe('tama!');
  });

  test('by throwing instead of rejecting is no different', async () => {
    const add = createGroup<string, string>({
      ...roomy,
      write: () => {
        throw lost;
      },
    });
    await expect(add('aroha')).rejects.toBe(lost);
    await expect(add('tama')).rejects.toBe(lost);
  });
});
