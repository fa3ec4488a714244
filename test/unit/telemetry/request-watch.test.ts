import { expect, test } from 'vitest';
import { methodOf } from '../../../src/telemetry/request-watch.ts';

test('methods are those in use, and one name for the rest', () => {
  expect(['GET', 'PATCH', 'PROPFIND', 'get', undefined].map(methodOf)).toEqual([
    'GET',
    'PATCH',
    'other',
    'other',
    'other',
  ]);
});
