import type { KoaContextWithOIDC } from 'oidc-provider';
import type { SignedIn } from '../token-id.ts';

/**
 * The sign-in from which a token request goes on: that of its code, which its refresh tokens keep. Undefined where nobody
 * signed in, and for what an earlier version issued.
 */
export function signedInBy({ oidc }: KoaContextWithOIDC): SignedIn | undefined {
  const { AuthorizationCode: code, RefreshToken: refreshToken } = oidc.entities;
  const { acr, authTime } = refreshToken ?? code ?? {};
  return acr === undefined || authTime === undefined ? undefined : { acr, at: authTime };
}
