import type { TokenIds } from '../revocations/index.ts';

/** The `jti` of a JWT that came from a grant begins with its id, so that both can be taken back without a look-up. */
export function tokenIdOf(grantId: string | undefined, random: string): string {
  return grantId === undefined ? random : `${grantId}.${random}`;
}

/** Reads a `jti` that `tokenIdOf` made. */
export function idsOf(jti: string): TokenIds {
  const end = jti.lastIndexOf('.');
  return { token: jti, grant: end === -1 ? undefined : jti.slice(0, end) };
}
