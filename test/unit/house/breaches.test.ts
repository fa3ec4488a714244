import { expect, test } from 'vitest';
import { breaches } from '../../../scripts/house/breaches.ts';

const rules = [{ name: 'front-file', comment: 'Behind it files may be moved.', from: {}, to: {} }];

test('a breach is told with the reason of its rule', () => {
  const found = [{ rule: { name: 'front-file' }, from: 'src/app.ts', to: 'src/web/door.ts' }];
  expect(breaches(found, rules)).toEqual([
    'front-file: src/app.ts -> src/web/door.ts. Behind it files may be moved.',
  ]);
});

test('a circle is told once, whichever of its files it was found from', () => {
  const rule = { name: 'no-circles' };
  const [one, other] = ['src/a.ts', 'src/b.ts'];
  const name = (path: string) => ({ name: path, dependencyTypes: [] });
  const found = [
    { rule, from: one, to: other, cycle: [name(other), name(one)] },
    { rule, from: other, to: one, cycle: [name(one), name(other)] },
  ];
  expect(breaches(found, rules)).toEqual(['no-circles: src/a.ts -> src/b.ts -> src/a.ts. ']);
});
