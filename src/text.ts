import { z } from 'zod';

/**
 * Text that a person wrote to be shown to another: not empty, of bounded length, without control characters and broken
 * surrogate pairs (PostgreSQL could store neither U+0000 nor half a character).
 *
 * @param longest in UTF-16 code units
 */
export function plainText(longest: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(longest, 'is too long')
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), {
      error: 'must not contain control characters or broken ones',
    });
}
