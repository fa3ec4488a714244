import { expect, test } from 'vitest';
import { sizeFaults } from '../../../scripts/house/sizes.ts';

const bounds = [{ folder: 'src/', half: 100 }];
const files = (...lines: number[]) => new Map(lines.map((count, at) => [`src/${at}.ts`, count]));

test('half of the files at the bound, and one in ten beyond 300 with a reason, is as it should be', () => {
  const lines = files(...Array(5).fill(100), ...Array(4).fill(300), 301);
  expect(sizeFaults(lines, bounds, new Map([['src/9.ts', 'a table']]))).toEqual([]);
});

test('files that are longer on the whole are told with their median', () => {
  const lines = files(...Array(4).fill(100), ...Array(6).fill(101));
  expect(sizeFaults(lines, bounds, new Map())).toEqual(['src/: the median is 101 lines; at most 100']);
});

test('more than one in ten beyond 300 is too many, whatever the reasons', () => {
  const lines = files(...Array(8).fill(10), 301, 301);
  const reasons = new Map([
    ['src/8.ts', 'a table'],
    ['src/9.ts', 'a table'],
  ]);
  expect(sizeFaults(lines, bounds, reasons)).toEqual(['src/: nine in ten have up to 301 lines; at most 300']);
});

test.for([
  ['no row', new Map()],
  ['a row without a reason', new Map([['src/10.ts', '']])],
] as const)('a long file with %s is told', ([, reasons]) => {
  const lines = files(...Array(10).fill(10), 301);
  expect(sizeFaults(lines, bounds, reasons)).toEqual(['src/10.ts: has 301 lines and no reason']);
});

test.for([['src/0.ts'], ['src/gone.ts']])(
  'a reason for %s, which is short or gone, is told',
  ([file = '']) => {
    expect(sizeFaults(files(300, ...Array(9).fill(10)), bounds, new Map([[file, 'a table']]))).toEqual([
      `${file}: is not longer than 300 lines (any more)`,
    ]);
  },
);

test('a folder without files is told: the check would see nothing', () => {
  expect(sizeFaults(new Map(), bounds, new Map())).toEqual(['src/ has no files']);
});
