/** What a browser says of itself, and what people call it; the first that fits holds, because browsers name one another. */
const browsers: readonly (readonly [said: RegExp, name: string])[] = [
  [/\bEdgA?(?:iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPiOS|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, 'Safari'],
];

const systems: readonly (readonly [said: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

/** Longest header that is looked at, in characters. */
const LONGEST = 500;

const nameOf = (table: typeof browsers, text: string) => table.find(([said]) => said.test(text))?.[1];

/**
 * Names the browser and the system of a `User-Agent` header, such as `Firefox on Windows`, for the person herself to know it
 * by. It proves nothing: a browser says of itself what it likes. Names only, from a table of our own, so nothing that was sent
 * is kept.
 *
 * @returns an empty text where nothing is known
 */
export function describeAgent(header: string | undefined): string {
  const text = (header ?? '').slice(0, LONGEST);
  const [browser, system] = [nameOf(browsers, text), nameOf(systems, text)];
  return browser !== undefined && system !== undefined
    ? `${browser} on ${system}`
    : (browser ?? system ?? '');
}
