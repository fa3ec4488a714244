import type { TokenIds } from '../revocations/index.ts';

/** Where a token came from: a grant, and the version of the decision that it was made from. */
export interface TokenOrigin {
  readonly grant: string;
  readonly version: number;
  /** Undefined for a sign-in of which an earlier version of the program kept nothing. */
  readonly signedIn: SignedIn | undefined;
}

/** How somebody signed in. */
export interface SignedIn {
  readonly acr: string;
  /** `auth_time`, seconds since 1970. */
  readonly at: number;
}

/**
 * The `jti` of a JWT that came from a grant begins with the grant's id, so that both can be taken back without a look-up, and
 * says from which version of the decision it was made (`{grant}.{version}~{random}`): once the person has taken a part back,
 * the version tells what was made before from what came after. Times would not: clocks of nodes differ, and `iat` has no
 * parts of a second. The sign-in follows (`{acr}~{time}~`): introspection tells of every token how its owner signed in (RFC 9470
 * section 6.2), and the Spine profiles have no claim for it.
 */
export function tokenIdOf(origin: TokenOrigin | undefined, random: string): string {
  if (origin === undefined) return random;
  const { grant, version, signedIn } = origin;
  const how = signedIn === undefined ? '' : `${signedIn.acr}~${signedIn.at.toString(36)}~`;
  return `${grant}.${version}~${how}${random}`;
}

/** Reads a `jti` that `tokenIdOf` made, or that the version before made without a version. */
export function idsOf(jti: string): TokenIds {
  const end = jti.lastIndexOf('.');
  if (end === -1) return { token: jti, grant: undefined };
  const version = /^(\d{1,9})~/.exec(jti.slice(end + 1))?.[1];
  return { token: jti, grant: jti.slice(0, end), version: Number(version ?? 0) };
}

/** The sign-in that a `jti` tells; undefined where it tells none. */
export function signedInOf(jti: string): SignedIn | undefined {
  const [, acr, at] = /\.\d{1,9}~([0-3])~([0-9a-z]{1,8})~/.exec(jti) ?? [];
  return acr === undefined || at === undefined ? undefined : { acr, at: Number.parseInt(at, 36) };
}
