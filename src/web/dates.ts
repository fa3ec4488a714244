/** Days and times as people write them in one language; each takes a `Date`. */
export interface Dates {
  /** `21 November 2027` */
  readonly day: (at: Date) => string;
  /** `14:05` */
  readonly time: (at: Date) => string;
  /** `21 November 2027 at 14:05` */
  readonly moment: (at: Date) => string;
}

/** What a language alone does not say: our English is British, with the day before the month. */
const regions: Readonly<Record<string, string>> = { en: 'en-GB' };

/** @param timeZone IANA name of the zone in which days and times are told */
export function createDates({ language, timeZone }: { language: string; timeZone: string }): Dates {
  const format = (style: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(regions[language] ?? language, { ...style, timeZone });
    return (at: Date) => made.format(at);
  };
  return {
    day: format({ dateStyle: 'long' }),
    time: format({ timeStyle: 'short' }),
    moment: format({ dateStyle: 'long', timeStyle: 'short' }),
  };
}
