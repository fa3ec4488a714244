import type { FormModel } from '../models.ts';

/** Why a password that somebody chose is not taken. `different`: it was typed in two ways; `busy`: it was not looked at. */
export type PasswordProblem = 'missing' | 'different' | 'short' | 'long' | 'personal' | 'common' | 'busy';

/** What `joining/code.njk` shows: where the code of an invitation is typed. */
export interface CodeModel extends FormModel {
  readonly problem: 'none' | 'missing' | 'unknown';
}

/** What `joining/join.njk` shows. The form sends `csrf`, `email`, `password` and `again`. */
export interface JoinModel extends FormModel {
  readonly name: string;
  /** As it was typed; at first that of the invitation, `''` where there is none. */
  readonly email: string;
  /** Whether she can choose no other address, because this link proves that she reads what is sent to it. */
  readonly proved: boolean;
  /** Fewest characters of a password. */
  readonly least: number;
  /** `email`: it is no e-mail address; `tooMany`: she chose too many others. */
  readonly problem: 'none' | 'email' | 'tooMany' | PasswordProblem;
}

/** What `joining/joined.njk` shows. `sent`: there is no account yet, and a link was sent to the address. */
export interface JoinedModel {
  readonly kind: 'joined' | 'proved' | 'sent';
  readonly email: string;
}

/** What `joining/forgotten.njk` shows. The form sends `csrf` and `identifier`. */
export interface ForgottenModel extends FormModel {
  readonly identifier: string;
  readonly problem: 'none' | 'missing' | 'limited';
  /** Minutes until another try may help; 0 where nobody has to wait. */
  readonly minutes: number;
}

/** What `joining/reset.njk` shows. The form sends `csrf`, `password`, `again` and, where it is needed, `code`. */
export interface ResetModel extends FormModel {
  /** Whether a code of her authenticator app is asked for as well. */
  readonly needsCode: boolean;
  readonly least: number;
  readonly minutes: number;
  readonly problem: 'none' | 'code' | 'limited' | PasswordProblem;
}

/** What `joining/over.njk` shows. `person`: she has an account already; `foreign`: the link is for another account. */
export interface OverModel {
  readonly kind: 'invitation' | 'person' | 'reset' | 'address' | 'foreign';
}
