import type { ReadingProblems, Typed } from './blood-pressure.ts';
import type { Connection } from './connection.ts';
import { reading } from './wishes.ts';

/** What `demo/reading.njk` shows: a form for a blood pressure. It sends `systolic` and `diastolic`. */
export interface ReadingModel {
  /** Whether Kete Health may add to the record; else a form asks for it. */
  readonly allowed: boolean;
  /** Whether the person said no before. */
  readonly refused: boolean;
  readonly typed: Typed;
  readonly problems: ReadingProblems;
  /**
   * `invalid`: the record did not take it. `refused`: Kete Health may not add it. `failed`: the record could not be reached, and
   * may have it or not.
   */
  readonly outcome: 'none' | 'invalid' | 'refused' | 'failed';
}

/** HTTP status of the page after each outcome. */
export const readingStatus = { invalid: 422, refused: 403, failed: 503 } as const;

/** The page on which a blood pressure is typed in. */
export function readingModel(
  connection: Connection,
  given: Partial<Pick<ReadingModel, 'typed' | 'problems' | 'outcome'>> = {},
): ReadingModel {
  return {
    allowed: connection.scope.split(' ').includes(reading.scope),
    refused: connection.refused.includes(reading.scope),
    typed: { systolic: '', diastolic: '' },
    problems: { systolic: 'none', diastolic: 'none' },
    outcome: 'none',
    ...given,
  };
}
