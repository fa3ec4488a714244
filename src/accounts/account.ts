import type { IdentityLevel } from './identity.ts';

/** A person who signs in. */
export interface Account {
  /** The `sub` of her tokens: says nothing about her, and never changes. */
  readonly id: string;
  /** As it is shown to her, and to applications that may know it. */
  readonly name: string;
  /** Logical id of the FHIR Patient that is this person, if she is a patient here. */
  readonly patient: string | undefined;
  /** Logical id of the FHIR Practitioner that is this person, if she works in health care. */
  readonly practitioner: string | undefined;
  /** When she last signed out everywhere: a browser session that began before is over, whether it could be reached or not. */
  readonly signedOutAt?: Date | undefined;
  /** Counts up whenever what was proved so far counts no more for a sign-in; 0 where nothing is said. */
  readonly proofVersion?: number | undefined;
  /** Her authenticator app, if she has one; `always`: its code is asked for at every sign-in with the password. */
  readonly authenticator?: { readonly always: boolean } | undefined;
  /** YYYY-MM-DD, or as much of it as is known. */
  readonly birthDate?: string | undefined;
  /** How far it was proved that she is who she says; `none` where nothing is said. */
  readonly identityLevel?: IdentityLevel | undefined;
  /** Where mail to her goes; only an address of which she proved that she reads what is sent there. */
  readonly email?: string | undefined;
  /** The language in which she is written to, BCP 47. */
  readonly language?: string | undefined;
}

/**
 * The version of an account's proofs, which is kept with what somebody proves. What was proved under another one counts no more
 * for a sign-in that is not finished: she signed out everywhere, changed her password or took out a way to sign in since, and
 * whoever brings it may be whom she locked out. No time is compared, for clocks of nodes differ.
 */
export const proofVersionOf = ({ proofVersion = 0 }: Pick<Account, 'proofVersion'>): number => proofVersion;

/** An account as it was found with whoever is signed in: what she adds to it is added only while that counts. */
export type Signed = Pick<Account, 'id' | 'proofVersion'>;

/** Longest identifier that is looked up, in characters. */
const LONGEST_IDENTIFIER = 200;

/** An identifier as it is kept and compared; undefined for one that nobody can have. */
export function asIdentifier(typed: string): string | undefined {
  const value = typed.normalize('NFKC').trim().toLowerCase();
  return value === '' || value.length > LONGEST_IDENTIFIER || /\p{Cc}/u.test(value) ? undefined : value;
}
