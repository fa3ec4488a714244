import { expect, test } from 'vitest';
import { breaches } from '../../../scripts/house/breaches.ts';

const rules = [{ name: 'front-file', comment: 'Behind it files may be moved.', from: {}, to: {} }];
const found = [{ rule: { name: 'front-file' }, from: 'src/app.ts', to: 'src/web/door.ts' }];
const exception = {
  rule: 'front-file',
  from: 'src/app.ts',
  to: 'src/web/',
  why: 'web/ has no front file yet',
};

test('a breach is told with the reason of its rule', () => {
  expect(breaches(found, [], rules)).toEqual([
    'front-file: src/app.ts -> src/web/door.ts. Behind it files may be moved.',
  ]);
});

test('an exception covers the files that it names', () => {
  expect(breaches(found, [exception], rules)).toEqual([]);
});

test.for([
  ['another rule', { ...exception, rule: 'no-circles' }],
  ['another importer', { ...exception, from: 'src/cli.ts' }],
  ['another room', { ...exception, to: 'src/oidc/' }],
] as const)('an exception for %s covers nothing, and has to go', ([, other]) => {
  expect(breaches(found, [other], rules)).toEqual([
    'front-file: src/app.ts -> src/web/door.ts. Behind it files may be moved.',
    `${other.rule}: nothing from ${other.from} to ${other.to} needs an exception now: take it out`,
  ]);
});
