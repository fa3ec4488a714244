/** A passkey as its owner sees it. */
export interface Passkey {
  /** Base64url, as WebAuthn gives it. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  /** Whether it is copied between devices (a synced passkey), or stays on one. */
  readonly synced: boolean;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | undefined;
}

/** Longest name of a passkey, in characters. */
const LONGEST_NAME = 60;

/** Most passkeys of one account: all of them go into every page that offers them. */
export const MOST_PASSKEYS = 20;

/** A name as it is kept; undefined for one that is empty, too long, or no text. */
export function asPasskeyName(typed: string): string | undefined {
  const name = typed.normalize('NFC').trim();
  return name === '' || name.length > LONGEST_NAME || /\p{Cc}|\p{Cs}/u.test(name) ? undefined : name;
}
