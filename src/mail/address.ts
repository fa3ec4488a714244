import { z } from 'zod';

/** Longest address, in characters (RFC 5321 section 4.5.3.1.3 without the angle brackets). */
const LONGEST = 254;

/**
 * An e-mail address as people have them: one address of printable ASCII, without a display name, quotes, comments or line
 * breaks, so that nothing of it can become a header or a second recipient.
 */
export const emailAddress = z
  .string()
  .trim()
  .max(LONGEST, 'is too long for an e-mail address')
  .pipe(z.email('must be an e-mail address such as aroha@example.org'));

/** Reads an address that somebody typed. @returns undefined when it is none */
export function readEmail(typed: string): string | undefined {
  const { data } = emailAddress.safeParse(typed);
  return data;
}
