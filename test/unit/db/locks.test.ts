import { expect, test } from 'vitest';
import { locks } from '../../../src/db/locks.ts';

test('no two locks have the same key: one would keep the work of the other from being done', () => {
  const keys = Object.values(locks);
  expect(new Set(keys).size).toBe(keys.length);
});
