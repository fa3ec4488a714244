import { z } from 'zod';
import { plainText } from '../text.ts';

/** What was read, or an English sentence that says why it could not be. */
export type Read<T> = T | { readonly fault: string };

/** Names of FHIR elements that a fault may repeat: they are the standard's words, not the sender's. */
const fhirElements = new Set(
  `
  meta implicitRules language text contained extension modifierExtension id use active telecom address gender
  birthDate photo qualification communication type period assigner alias partOf contact endpoint
  practitionerRole name suffix
`
    .trim()
    .split(/\s+/),
);

/** The message for a value of the wrong kind: one that is not there at all is said to be missing. */
export const orMissing = (message: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? 'is missing' : message),
});

/** An object with these members and no others. */
export function membersOnly<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code, input, keys }) => {
      if (code !== 'unrecognized_keys') return input === undefined ? 'is missing' : 'must be an object';
      const [known] = (keys as string[]).filter((key) => fhirElements.has(key));
      return known === undefined ? 'has an unknown member' : `must not have the member ${known}`;
    },
  });
}

/** A text to be shown or compared: plain, at most 200 characters, no space at either end. */
export const elementText = z
  .string(orMissing('must be a text'))
  .pipe(plainText(200))
  .refine((text) => text.trim() === text, 'must not begin or end with a space');

/** A list as FHIR has it: never empty, and here of ten at most. */
export const list = <Element extends z.ZodType>(element: Element) =>
  z
    .array(element, orMissing('must be an array'))
    .min(1, 'must not be empty')
    .max(10, 'must have at most 10 elements');

/** A naming system as far as its form goes. */
export const systemUri = z
  .string(orMissing('must be a text'))
  .regex(/^[A-Za-z][A-Za-z0-9+.-]*:[!-{}-~]{1,190}$/, 'must be an absolute URI');

/** A FHIR logical id. */
export const fhirId = z
  .string(orMissing('must be a text'))
  .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be 1 to 64 letters, digits, hyphens or dots');

/**
 * Parses unknown JSON; of several faults the first is told.
 *
 * @param claim the name under which the sender knows the value
 * @returns the value, or a sentence in printable ASCII without quotation marks and backslashes (RFC 6749 section 5.2)
 *   that says nothing of what was received
 */
export function parse<Schema extends z.ZodType>(
  claim: string,
  schema: Schema,
  input: unknown,
): { value: z.output<Schema> } | { fault: string } {
  const { success, data, error } = schema.safeParse(input);
  if (success) return { value: data };
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map((step) =>
    typeof step === 'number' ? `[${step}]` : `.${String(step)}`,
  );
  return { fault: `${claim}${path.join('')} ${issue?.message}` };
}
