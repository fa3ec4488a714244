/** Kete Health shows times as they are in London. */
const ZONE = 'Europe/London';

const year = { year: 'numeric' } as const;
const month = { ...year, month: 'long' } as const;
const day = { ...month, day: 'numeric' } as const;

/** Words for what a health record calls a date, in one language. */
export interface RecordDates {
  /**
   * Words for a FHIR `date`, `dateTime` or `instant`, as exact as it is itself: `2019`, `March 2019`, `4 March 2019`,
   * `4 March 2019 at 09:30`.
   *
   * @returns the text as it came if it is no date: better than hiding it
   */
  dateText(text: string): string;
  /** As `dateText`, but without the hour, for what is remembered by its day. */
  dayText(text: string): string;
  /** The time of day in London, `14:05:31`. @param seconds since 1970 */
  timeText(seconds: number): string;
}

/** @param language tag of the page's language; English is British here, with the day before the month */
export function recordDates(language: string): RecordDates {
  const format = (parts: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, parts);
  const formats = {
    year: format({ ...year, timeZone: 'UTC' }),
    month: format({ ...month, timeZone: 'UTC' }),
    day: format({ ...day, timeZone: 'UTC' }),
    minute: format({ ...day, hour: '2-digit', minute: '2-digit', timeZone: ZONE }),
    localDay: format({ ...day, timeZone: ZONE }),
    time: format({ timeStyle: 'medium', timeZone: ZONE }),
  };

  /** A FHIR date has no zone: it is the same day everywhere. */
  function formatOf(text: string): Intl.DateTimeFormat {
    if (/^\d{4}$/.test(text)) return formats.year;
    if (/^\d{4}-\d{2}$/.test(text)) return formats.month;
    return /^\d{4}-\d{2}-\d{2}$/.test(text) ? formats.day : formats.minute;
  }

  function dateText(text: string): string {
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? text : formatOf(text).format(date);
  }

  return {
    dateText,
    dayText(text) {
      const instant = text.includes('T') ? new Date(text) : undefined;
      return instant === undefined || Number.isNaN(instant.getTime())
        ? dateText(text)
        : formats.localDay.format(instant);
    },
    timeText: (seconds) => formats.time.format(new Date(seconds * 1000)),
  };
}
