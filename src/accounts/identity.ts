import { z } from 'zod';
import { isNhi, isNhsNumber, namingSystems } from '../tokens/index.ts';

/** How far it was proved that a person is who she says, from least to most; another axis than how she signs in. */
export const identityLevels = ['none', 'low', 'medium', 'high'] as const;
export type IdentityLevel = (typeof identityLevels)[number];

/** A number under which health care knows a person, as FHIR writes it. */
export interface HealthIdentifier {
  readonly system: string;
  readonly value: string;
}

/** The registers whose numbers an account may have, each with its check. */
const registers: ReadonlyMap<string, { name: string; isValid: (value: string) => boolean }> = new Map([
  [namingSystems.nhsNumber, { name: 'NHS number', isValid: isNhsNumber }],
  [namingSystems.nhi, { name: 'NHI', isValid: isNhi }],
]);

/** The register that a system names; undefined for one whose numbers say nothing about an account here. */
export const registerOf = (system: string): string | undefined => registers.get(system)?.name;

/** As it is kept: people write NHS numbers in groups, and NHIs in small letters. */
const asKept = (value: string) => value.replaceAll(/[\s-]/g, '').toUpperCase();

/** A health identifier, its check digit verified (`tokens/check-digits.ts`); NHIs in the old and in the new form. */
export const healthIdentifier = z
  .strictObject({ system: z.string(), value: z.string().transform(asKept) })
  .superRefine(({ system, value }, context) => {
    const register = registers.get(system);
    const say = (message: string) => context.addIssue({ code: 'custom', message });
    if (register === undefined) say(`must be of one of these systems: ${[...registers.keys()].join(', ')}`);
    else if (!register.isValid(value))
      say(`is no ${register.name}: its check digit does not fit, or its form`);
  });

/** A birth date as precise as it is known: YYYY, YYYY-MM or YYYY-MM-DD, of a day that was. */
export const birthDate = z
  .string()
  .regex(/^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$/, 'must be YYYY-MM-DD, YYYY-MM or YYYY')
  .refine((text) => {
    const whole = `${text}-01-01`.slice(0, 10);
    const day = new Date(`${whole}T00:00:00Z`);
    return text >= '1880' && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(whole);
  }, 'must be a day that exists, and not before 1880');
