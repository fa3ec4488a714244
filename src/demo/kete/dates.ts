/** Kete Health shows times as they are in London. */
const ZONE = 'Europe/London';

const year = { year: 'numeric' } as const;
const month = { ...year, month: 'long' } as const;
const day = { ...month, day: 'numeric' } as const;

const formats = {
  year: new Intl.DateTimeFormat('en-GB', { ...year, timeZone: 'UTC' }),
  month: new Intl.DateTimeFormat('en-GB', { ...month, timeZone: 'UTC' }),
  day: new Intl.DateTimeFormat('en-GB', { ...day, timeZone: 'UTC' }),
  minute: new Intl.DateTimeFormat('en-GB', { ...day, hour: '2-digit', minute: '2-digit', timeZone: ZONE }),
  localDay: new Intl.DateTimeFormat('en-GB', { ...day, timeZone: ZONE }),
  time: new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: ZONE }),
};

/** A FHIR date has no zone: it is the same day everywhere. */
function formatOf(text: string): Intl.DateTimeFormat {
  if (/^\d{4}$/.test(text)) return formats.year;
  if (/^\d{4}-\d{2}$/.test(text)) return formats.month;
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? formats.day : formats.minute;
}

/**
 * Words for a FHIR `date`, `dateTime` or `instant`, as exact as it is itself: `2019`, `March 2019`, `4 March 2019`,
 * `4 March 2019 at 09:30`.
 *
 * @returns the text as it came if it is no date: better than hiding it
 */
export function dateText(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : formatOf(text).format(date);
}

/** As {@link dateText}, but without the hour, for what is remembered by its day. */
export function dayText(text: string): string {
  const instant = text.includes('T') ? new Date(text) : undefined;
  return instant === undefined || Number.isNaN(instant.getTime())
    ? dateText(text)
    : formats.localDay.format(instant);
}

/** The time of day in London, `14:05:31`. @param seconds since 1970 */
export function timeText(seconds: number): string {
  return formats.time.format(new Date(seconds * 1000));
}
