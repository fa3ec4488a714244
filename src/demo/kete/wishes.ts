import type { Wish } from './connection.ts';

/** To see test results and measurements. */
export const results: Wish = { scope: 'patient/Observation.rs', leadsTo: '/demo/record' };

/** To add a blood pressure that was measured at home. */
export const reading: Wish = { scope: 'patient/Observation.c', leadsTo: '/demo/reading' };

/** What a person may want beside the record itself, by the name that a form gives it. */
export const wishes: ReadonlyMap<string, Wish> = new Map([
  ['results', results],
  ['reading', reading],
]);
