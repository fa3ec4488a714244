import { AsyncLocalStorage } from 'node:async_hooks';
import { AssentError, Overloaded } from '../errors.ts';
import { isTransient } from './faults.ts';

interface Waiting<T, R> {
  readonly item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Group commit: many callers, one write.
 *
 * While a group is being written the next one gathers, so under load one statement (and one disk flush)
 * serves many requests, and without load a request waits for nobody. A caller's promise settles when
 * its group is durable. When a group fails for a reason that lies in one of its items, each item is
 * written alone, so that one bad item cannot fail its neighbours.
 *
 * @param write writes all items in one transaction and returns one result each, in order
 * @param maxItems items in one group
 * @param maxWaiting callers that may wait; one more is refused with Overloaded
 * @param lanes groups that may be under way at once
 */
export function createGroup<T, R>(options: {
  write(items: readonly T[]): Promise<readonly R[]>;
  maxItems: number;
  maxWaiting: number;
  lanes: number;
}): (item: T) => Promise<R> {
  const { write, maxItems, maxWaiting, lanes } = options;
  // A group belongs to no request: it must neither run in the transaction of one nor keep its memory.
  const apart = AsyncLocalStorage.snapshot();
  const queue: Waiting<T, R>[] = [];
  let busy = 0;

  async function settle(group: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await write(group.map((entry) => entry.item));
      group.forEach((entry, index) => {
        entry.resolve(results[index] as R);
      });
    } catch (error) {
      if (group.length > 1 && !isTransient(error) && !(error instanceof AssentError)) {
        for (const entry of group) await settle([entry]);
      } else {
        for (const entry of group) entry.reject(error);
      }
    }
  }

  function next(): void {
    if (busy >= lanes || queue.length === 0) return;
    busy += 1;
    void apart(settle, queue.splice(0, maxItems)).finally(() => {
      busy -= 1;
      next();
    });
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (queue.length >= maxWaiting) {
        reject(new Overloaded(`${queue.length} writes are waiting`));
        return;
      }
      queue.push({ item, resolve, reject });
      next();
    });
}
