import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSafety, migrations } from '../../../src/db/migrations.ts';

const numberOf = (name: string) => Number(name.slice(0, 4));

test('every file in migrations/ is in the list, in the order of its number, which no other has', () => {
  const files = readdirSync(new URL('../../../migrations/', import.meta.url)).sort();
  expect(migrations.map(({ name }) => `${name}.ts`)).toEqual(files);
  expect(new Set(files.map(numberOf)).size).toBe(files.length);
});

test('a migration asks no more of a program than to know it, and the table for that comes before it', () => {
  for (const { name, oldestProgram } of migrations) {
    if (oldestProgram === undefined) continue;
    expect(oldestProgram).toBeLessThanOrEqual(numberOf(name));
    expect(oldestProgram).toBeGreaterThan(0);
    expect(numberOf(name)).toBeGreaterThan(9);
  }
});

test('the plan says on which versions a migration does not work, where there are any', () => {
  const adds = { name: '0042_adds', safety: 'safe-while-running', statements: [] };
  expect(describeSafety(adds)).toBe('safe-while-running');
  expect(describeSafety({ ...adds, safety: 'breaking', oldestProgram: 41 })).toBe(
    'breaking; a version without 0041 does not work any more',
  );
});
