/** From its first to just before its second moment, in milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const form = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** Whether a day is in the calendar: JavaScript reads 30 February as a day in March. */
function exists(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** The time that a date, dateTime or instant stands for, as wide as it is imprecise; undefined if it is none. */
function spanOf(text: string): Span | undefined {
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = parts;
  const [, , givenMonth, givenDay, givenHour, , givenSecond, fraction = '', zone = 'Z'] = parts;
  const date = `${year}-${month}-${day}`;
  const from = new Date(`${date}T${hour}:${minute}:${second}${fraction}${zone}`);
  if (!exists(date) || Number.isNaN(from.getTime())) return undefined;
  const to = new Date(from);
  if (givenMonth === undefined) to.setUTCFullYear(to.getUTCFullYear() + 1);
  else if (givenDay === undefined) to.setUTCMonth(to.getUTCMonth() + 1);
  else if (givenHour === undefined) to.setUTCDate(to.getUTCDate() + 1);
  else if (givenSecond === undefined) to.setUTCMinutes(to.getUTCMinutes() + 1);
  else if (fraction === '') to.setUTCSeconds(to.getUTCSeconds() + 1);
  else to.setUTCMilliseconds(to.getUTCMilliseconds() + 1);
  return { from: from.getTime(), to: to.getTime() };
}

const within = (outer: Span, inner: Span) => outer.from <= inner.from && inner.to <= outer.to;

/** FHIR R4, 3.1.1.4.7 (prefixes); `ap` is left out, for what "about" means is each server's own guess. */
const comparisons: ReadonlyMap<string, (wanted: Span, found: Span) => boolean> = new Map([
  ['eq', within],
  ['ne', (wanted, found) => !within(wanted, found)],
  ['gt', (wanted, found) => found.to > wanted.to],
  ['lt', (wanted, found) => found.from < wanted.from],
  ['ge', (wanted, found) => found.to > wanted.to || within(wanted, found)],
  ['le', (wanted, found) => found.from < wanted.from || within(wanted, found)],
  ['sa', (wanted, found) => found.from >= wanted.to],
  ['eb', (wanted, found) => found.to <= wanted.from],
]);

/**
 * Reads the value of a date search parameter: an optional prefix and a date, dateTime or instant of any precision. What
 * has no time zone is read as UTC.
 *
 * @returns a test of dates in resources; undefined if the value is malformed
 */
export function dateTest(value: string): ((date: string) => boolean) | undefined {
  const prefix = /^[a-z]{2}/.exec(value)?.[0];
  const compare = comparisons.get(prefix ?? 'eq');
  const wanted = spanOf(prefix === undefined ? value : value.slice(2));
  if (!compare || !wanted) return undefined;
  return (date) => {
    const found = spanOf(date);
    return found !== undefined && compare(wanted, found);
  };
}
