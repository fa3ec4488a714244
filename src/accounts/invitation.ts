import { z } from 'zod';
import { emailAddress } from '../mail/index.ts';
import { plainText } from '../text.ts';
import { birthDate, healthIdentifier, identityLevels } from './identity.ts';

/** A BCP 47 tag as it is kept: `mi-NZ`. */
const language = z
  .string()
  .refine((tag) => {
    try {
      return Intl.getCanonicalLocales(tag).length === 1;
    } catch {
      return false;
    }
  }, 'must be a language tag such as en or mi')
  .transform((tag) => Intl.getCanonicalLocales(tag)[0] ?? tag);

/** What is known of somebody who is invited. Whoever invites vouches for it: an account is made of it as it stands. */
export const invitationSchema = z.strictObject({
  name: plainText(200),
  /** Where the code is sent; it may become her sign-in name. */
  email: emailAddress.optional(),
  /** Logical id of her FHIR Patient (FHIR R4, data type id). */
  patient: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be the id of a FHIR Patient: letters, digits, - and .')
    .optional(),
  birthDate: birthDate.optional(),
  identityLevel: z.enum(identityLevels, `must be one of ${identityLevels.join(', ')}`).default('none'),
  language: language.optional(),
  healthIdentifiers: z
    .array(healthIdentifier)
    .refine(
      (all) => new Set(all.map(({ system, value }) => `${system}|${value}`)).size === all.length,
      'names one twice',
    )
    .default([]),
});

/** An invitation as somebody writes it down. */
export type InvitationInput = z.input<typeof invitationSchema>;

/** An invitation that was checked. */
export type Invitation = z.output<typeof invitationSchema>;
