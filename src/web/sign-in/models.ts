import type { SourceFaultKind } from '../../upstream/index.ts';
import type { ClientModel, FormModel, WayOn } from '../models.ts';

/**
 * What every question's page says about how long it stays open, and how more time is had (`parts/closing.njk`). The form sends
 * `csrf` and `stay`: the page stays as it is, with what was typed.
 */
export interface ClosingModel extends FormModel {
  /** Whole minutes until it closes. */
  readonly minutes: number;
  /** Seconds until it asks; null where there is no more time to be had. */
  readonly warnAfter: number | null;
  /** The same, after more time was given. */
  readonly warnAgainAfter: number;
}

/** What `sign-in/more-time.njk` shows. `ask`: the form sends `csrf`. `last`: there is no more time to be had. */
export interface MoreTimeModel extends FormModel {
  readonly kind: 'ask' | 'last';
  readonly minutes: number;
  /** The question's own page. */
  readonly back: string;
}

/** What `sign-in/sign-in.njk` shows. The form sends `csrf`, `identifier` and `password`. */
export interface SignInModel extends FormModel {
  /** Where the second form is sent, which carries `csrf` alone and leads back to the client. */
  readonly cancelAction: string;
  /** Identity sources at which somebody may sign in instead. Their form sends `csrf` and `source`, the id of one. */
  readonly sources: readonly { readonly id: string; readonly name: string }[];
  readonly sourceAction: string;
  readonly client: ClientModel;
  /** Whether the client asks for a record, or only for who signs in. */
  readonly record: boolean;
  /** Whether it is our own account pages that ask. */
  readonly own: boolean;
  /** What the person typed before, `''` at first. A password is never shown again. */
  readonly identifier: string;
  /**
   * `missing`: a field was empty. `wrong`: name and password do not belong together, whether or not the name exists.
   * `busy`: the password was not looked at. `limited`: nor here, because there were too many tries. `passkey`: it was not
   * taken.
   */
  readonly problem: 'none' | 'missing' | 'wrong' | 'busy' | 'limited' | 'passkey';
  /** Minutes until another try may help, rounded up; 0 where nobody has to wait. */
  readonly minutes: number;
  /** Where the form is sent that a passkey answers, with `csrf` and `response`. */
  readonly passkeyAction: string;
  /** What the browser needs to ask for a passkey, in JSON. */
  readonly options: string;
}

/**
 * What `sign-in/code.njk`, `sign-in/passkey.njk` and `sign-in/no-passkey.njk` show: the steps after the password, or what
 * somebody who is signed in has to add. Their forms send `csrf`, and `code`, `response` (the answer of a passkey), or
 * `response` and `name` (one that was made).
 */
export interface StepModel extends FormModel {
  /** Where the passkey is sent that is used in the place of a code. */
  readonly passkeyAction: string;
  /** Where the forms are sent, which carry `csrf` alone, that begin again and that lead back to the client. */
  readonly restartAction: string;
  readonly cancelAction: string;
  readonly client: ClientModel;
  /** Who has proved something already. */
  readonly account: { readonly name: string };
  /** What the browser needs to use a passkey, or to make one, in JSON; `''` where she may not. */
  readonly options: string;
  /** `missing`, `wrong`, `limited`: the code. `passkey`: it was not taken. `name`: it can have no such name. */
  readonly problem: 'none' | 'missing' | 'wrong' | 'limited' | 'passkey' | 'name';
  /** Minutes until another try may help, rounded up; 0 where nobody has to wait. */
  readonly minutes: number;
}

/**
 * What `sign-in/role.njk` shows: in which role a practitioner asks, where she has several. The form sends `csrf` and `role`, the
 * id of a role. A form of its own sends the `decision` `switch`.
 */
export interface RoleModel extends FormModel {
  /** Where the form is sent, which carries `csrf` alone and leads back to the client. */
  readonly cancelAction: string;
  readonly client: ClientModel;
  /** Who is signed in. */
  readonly account: { readonly name: string };
  /** Name of the organisation at which the roles are. */
  readonly organization: string;
  /** `roleProfile`: SDS role profile id, `''` where there is none. None is chosen when the page opens. */
  readonly roles: readonly { readonly id: string; readonly name: string; readonly roleProfile: string }[];
  /** `nothing-chosen`: the practitioner went on without a role. */
  readonly problem: 'none' | 'nothing-chosen';
}

/** One thing that a client may do, and the words for it. */
export interface ConsentLine {
  readonly scope: string;
  readonly words: string;
  /** What a line about everything reaches, in words; empty where the words say it. */
  readonly kinds: readonly string[];
}

/** One thing that a person may allow or not. */
export type ConsentChoice = ConsentLine & { readonly checked: boolean };

/**
 * What `sign-in/consent.njk` shows. The form sends `csrf`, a `line` for each scope that is required or ticked, and `decision`:
 * `allow` or `deny`. A form of its own sends the `decision` `switch`.
 */
export interface ConsentModel extends FormModel {
  /** `site`: host of the address to which the browser goes back, with port where it has one. */
  readonly client: ClientModel & { readonly site: string };
  /** Who is signed in. */
  readonly account: { readonly name: string };
  /** The role in which a practitioner asks; null for somebody who asks for herself. */
  readonly role: { readonly name: string; readonly organization: string } | null;
  /** `reason_for_request`, as the token will say; `''` where tokens say nothing of it. */
  readonly reason: string;
  /** Whose record; null where the request is about none. `isAccount`: the record of the person signed in. */
  readonly patient: { readonly name: string; readonly isAccount: boolean } | null;
  /** Whether it is about records of others that the person may open. */
  readonly records: boolean;
  /** The last day, as people write it. */
  readonly until: string;
  /** Whether the client asks for access while the person is away. */
  readonly offline: boolean;
  /** Part of every answer but a denial. */
  readonly required: readonly ConsentLine[];
  readonly optional: readonly ConsentChoice[];
  /** What changes the record, apart from what reads it. */
  readonly writing: readonly ConsentChoice[];
  /**
   * The words of what was decided before, where the page asks for more; null where it asks about everything. `refused`: of
   * what is asked for again, and stays refused.
   */
  readonly held: { readonly allowed: readonly string[]; readonly refused: readonly string[] } | null;
  /** `nothing-chosen`: the person allowed it, but left no part of the record ticked. */
  readonly problem: 'none' | 'nothing-chosen';
}

/** What `sign-in/no-record.njk` shows. Its forms send `csrf` and `decision`: `deny` or `switch`. */
export interface NoRecordModel extends FormModel {
  readonly client: ClientModel;
}

/** What `sign-in/source-go.njk` shows, on the way to an identity source. */
export interface SourceGoModel {
  readonly name: string;
  /** Of the provider, as its settings have it. */
  readonly uri: string;
}

/** What `sign-in/source-problem.njk` shows: why a sign-in at an identity source came to nothing. */
export interface SourceProblemModel {
  readonly kind: SourceFaultKind;
  /** Of the source. */
  readonly name: string;
  /** Path of the page to go back to. */
  readonly back: string;
}

/** What `sign-in/sign-out.njk` shows. */
export interface SignOutModel {
  /** HTML that is trusted: the library's form with the id `op.logoutForm`, without buttons. */
  readonly form: string;
  /** Name and client_id of the client that asks for it, `''` where nobody did. */
  readonly client: string;
  readonly clientId: string;
}

/** What `sign-in/signed-out.njk` shows. */
export interface SignedOutModel {
  /** Whether somebody is signed in still: she chose to stay. */
  readonly stayed: boolean;
  readonly client: WayOn | null;
}

/** What `sign-in/continue.njk` shows: a form that the person sends on, where the library would let a script do it. */
export interface ContinueModel {
  readonly action: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** `signed-out`: nobody is signed in any more. `switch`: another person is, who is signed out by continuing. */
  readonly kind: 'signed-out' | 'switch';
}
