import { people } from '../../people.ts';
import type { Resource } from '../resource.ts';
import { appointments } from './appointments.ts';
import { immunizations } from './immunizations.ts';
import { medicines } from './medicines.ts';
import { observations } from './observations.ts';
import { persons } from './persons.ts';

/**
 * Everything the demo FHIR server holds.
 *
 * @param today civil date of seeding, YYYY-MM-DD, to which all dates are relative
 * @throws RangeError if `today` is no date
 */
export function records(today: string): readonly Resource[] {
  const birthDates = new Map(people(today).map(({ key, birthDate = today }) => [key, birthDate]));
  return [
    ...persons(today),
    ...immunizations(today, birthDates),
    ...appointments(today),
    ...medicines(today),
    ...observations(today),
  ];
}
