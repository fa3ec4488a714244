import { expect, test } from 'vitest';
import { isOfRun, noteRun, type Run } from '../../../src/db/index.ts';

/** Which answers surely come from one run of one server. */

const by = (server: string, session: number) => ({ server, session });

test('an answer is of a run when the same process of the same server has answered in it before', () => {
  const run = noteRun(noteRun(undefined, by('one', 1)), by('one', 2));
  expect([1, 2, 3].map((session) => isOfRun(run, by('one', session)))).toEqual([true, true, false]);
  expect(isOfRun(run, by('other', 1))).toBe(false);
  expect(isOfRun(undefined, by('one', 1))).toBe(false);
});

test('another server begins another run, and the one before means nothing any more', () => {
  const run = noteRun(noteRun(noteRun(undefined, by('one', 1)), by('other', 2)), by('one', 3));
  expect([1, 2, 3].map((session) => isOfRun(run, by('one', session)))).toEqual([false, false, true]);
});

test('it remembers the processes of one pool many times over, and not all there ever were', () => {
  let run: Run | undefined;
  for (let session = 1; session <= 1000; session += 1) {
    run = noteRun(run, by('one', session));
    expect(run.sessions.size).toBeLessThanOrEqual(100);
    expect(isOfRun(run, by('one', session))).toBe(true);
    if (session <= 100) expect(isOfRun(run, by('one', 1))).toBe(true);
  }
});
