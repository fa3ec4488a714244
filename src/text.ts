import { z } from 'zod';
import { Refused } from './errors.ts';

/** A value if it is one text; parameters of a malformed request may be anything. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether a value of unknown JSON is an object: neither an array nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text has neither control characters nor broken surrogate pairs: PostgreSQL could store neither U+0000 nor half a character. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** Characters that turn the direction of what follows: a name with one can look like another name. */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * Text that a person wrote to be shown to another: not empty, of bounded length, plain.
 *
 * @param longest in UTF-16 code units
 */
export function plainText(longest: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(longest, 'is too long')
    .refine(isPlain, 'must not contain control characters or broken ones')
    .refine((text) => !turning.test(text), 'must not contain characters that turn the direction of the text')
    .refine((text) => text.trim() !== '', 'must not be blank');
}

/** Text for a terminal, which obeys control characters: they come out of files that others wrote. Lines stay. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '\ufffd');
}

/** Parses the JSON of a file that an operator imports. @throws Refused when it is none */
export function parseImport(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Refused('The file cannot be imported:', [`it is not JSON (${(error as Error).message})`]);
  }
}
