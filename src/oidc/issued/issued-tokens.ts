import { createLocalJWKSet, type JWK, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import type { Api, Catalogue } from '../../catalogue/index.ts';
import type { Clock } from '../../clock.ts';
import type { TokenIds } from '../../revocations/index.ts';
import { idsOf } from '../token-id.ts';

/** A JWT access token that we signed, is for an API of ours and has not ended by itself. */
export interface IssuedToken {
  readonly claims: JWTPayload;
  readonly api: Api;
  readonly clientId: string;
  readonly ids: TokenIds;
  readonly expiresAt: Date;
}

/** Reads JWT access tokens of our own. */
export interface IssuedTokens {
  /** What a token holds; undefined for anything that is not a good access token of this issuer. */
  read(token: string): Promise<IssuedToken | undefined>;
  /** Verifies with other keys from now on. */
  useKeys(privateJwks: readonly JWK[]): void;
}

/** How far ahead of this node's clock that of the node may have been which made a token, in seconds. */
const LATEST_IAT = 60;

const publicPart = ({ kty, kid, alg, use, crv, x, y, n, e }: JWK): JWK => {
  const members = Object.entries({ kty, kid, alg, use, crv, x, y, n, e });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as JWK;
};

/** Makes the reader of our own JWT access tokens (RFC 9068 section 4, without a tolerance: the clock is ours). */
export function createIssuedTokens(options: {
  issuer: string;
  clock: Clock;
  catalogue: Catalogue;
  privateJwks: readonly JWK[];
}): IssuedTokens {
  const { issuer, clock, catalogue } = options;
  const keySet = (jwks: readonly JWK[]) => createLocalJWKSet({ keys: jwks.map(publicPart) });
  let keys = keySet(options.privateJwks);

  async function verify(token: string): Promise<JWTVerifyResult | undefined> {
    try {
      const required = { issuer, requiredClaims: ['exp', 'iat', 'jti', 'client_id', 'aud'] };
      return await jwtVerify(token, keys, { ...required, currentDate: clock.now() });
    } catch {
      // Whatever is wrong with it, it is none of ours.
      return undefined;
    }
  }

  return {
    async read(token) {
      const verified = await verify(token);
      if (verified === undefined) return undefined;
      const { payload: claims, protectedHeader } = verified;
      const { jti, aud, iat = 0, exp = 0, client_id: clientId } = claims;
      // Made on a node whose clock was ahead, it would live longer than any token may.
      if (iat > clock.seconds() + LATEST_IAT) return undefined;
      const api = (await catalogue.all()).find((one) => one.audience === aud);
      // An id_token is signed with the same keys; its audience is a client, and no API is.
      if (api === undefined || protectedHeader.typ !== api.tokenTyp) return undefined;
      if (typeof jti !== 'string' || typeof clientId !== 'string') return undefined;
      return { claims, api, clientId, ids: idsOf(jti), expiresAt: new Date(exp * 1000) };
    },
    useKeys(jwks) {
      keys = keySet(jwks);
    },
  };
}
