/** How a mail tells a time. English dates are British: the day comes first, and hours go to 24. */
export function formatIn(
  language: string | undefined,
  style: Intl.DateTimeFormatOptions & { readonly timeZone: string },
): (at: Date) => string {
  const tag = language === undefined || language === 'en' ? 'en-GB' : language;
  const format = new Intl.DateTimeFormat(tag, style);
  return (at) => format.format(at);
}
