/** A passkey as its owner sees it. */
export interface PasskeyModel {
  /** Where it is changed. */
  readonly href: string;
  readonly name: string;
  readonly synced: boolean;
  readonly createdAt: Date;
  /** `null`: never yet. */
  readonly lastUsedAt: Date | null;
}

/** What `account/security.njk` shows beside what every account page does. */
export interface SecurityModel {
  /** Whether there is one: somebody who signs in elsewhere may have none. */
  readonly password: boolean;
  readonly passkeys: readonly PasskeyModel[];
  /** When the app's code is asked for; `none`: there is no app. */
  readonly authenticator: 'none' | 'always' | 'needed';
  /** How many recovery codes are left. */
  readonly codes: number;
}

/** What `account/password.njk` shows. */
export interface PasswordModel {
  /** `different`: the new password was typed in two ways. The others: `PasswordChangeFault`; busy and limited: not looked at. */
  readonly problem:
    | 'none'
    | 'missing'
    | 'different'
    | 'wrong'
    | 'same'
    | 'short'
    | 'long'
    | 'personal'
    | 'common'
    | 'busy'
    | 'limited';
  /** Fewest characters. */
  readonly least: number;
  /** Minutes to wait, where there is a wait. */
  readonly minutes: number;
  /** Whether she is to be signed out everywhere else. */
  readonly elsewhere: boolean;
}

/** What `account/password-first.njk` shows. The form sends nothing but `csrf`. */
export interface PasswordFirstModel {
  /** `unverified`: there is no address yet that the link could go to; `taken`: somebody else signs in with it. */
  readonly problem: 'none' | 'unverified' | 'taken' | 'limited';
  /** Where the link goes; `''` for nowhere. */
  readonly email: string;
  /** Minutes to wait, where there is a wait. */
  readonly minutes: number;
}

/** What `account/passkey-new.njk` shows. */
export interface NewPasskeyModel {
  /** What the browser needs, in JSON. */
  readonly options: string;
  /** What it is to be called, as it was typed. */
  readonly name: string;
  readonly problem: 'none' | 'refused' | 'name' | 'too-many';
}

/** What `account/passkey.njk` shows. */
export interface PasskeyPageModel {
  readonly passkey: PasskeyModel;
  /** As it was typed. */
  readonly name: string;
  readonly problem: 'none' | 'name' | 'last-way';
}

/** What `account/authenticator-new.njk` shows. */
export interface NewAuthenticatorModel {
  /** In groups, to be typed. */
  readonly key: string;
  readonly sealed: string;
  /** A QR code: how many squares wide, and the black ones as the path of an SVG. */
  readonly qr: { readonly size: number; readonly path: string };
  readonly problem: 'none' | 'code' | 'expired';
}

/** What `account/authenticator.njk` shows. */
export interface AuthenticatorModel {
  readonly always: boolean;
  readonly createdAt: Date;
}

/** What `account/recovery-codes.njk` shows. */
export interface RecoveryCodesModel {
  /** Just made, and shown this once; empty where they are not. */
  readonly codes: readonly string[];
  /** How many of the codes made before are left. */
  readonly left: number;
}
