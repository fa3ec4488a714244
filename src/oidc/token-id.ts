import type { TokenIds } from '../revocations/index.ts';

/** Where a token came from: a grant, and the version of the decision that it was made from. */
export interface TokenOrigin {
  readonly grant: string;
  readonly version: number;
}

/**
 * The `jti` of a JWT that came from a grant begins with the grant's id, so that both can be taken back without a look-up, and
 * says from which version of the decision it was made (`{grant}.{version}~{random}`): once the person has taken a part back,
 * the version tells what was made before from what came after. Times would not: clocks of nodes differ, and `iat` has no
 * parts of a second.
 */
export function tokenIdOf(origin: TokenOrigin | undefined, random: string): string {
  return origin === undefined ? random : `${origin.grant}.${origin.version}~${random}`;
}

/** Reads a `jti` that `tokenIdOf` made, or that the version before made without a version. */
export function idsOf(jti: string): TokenIds {
  const end = jti.lastIndexOf('.');
  if (end === -1) return { token: jti, grant: undefined };
  const version = /^(\d{1,9})~/.exec(jti.slice(end + 1))?.[1];
  return { token: jti, grant: jti.slice(0, end), version: Number(version ?? 0) };
}
