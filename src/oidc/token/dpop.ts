import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { isPlain } from '../../text.ts';
import { proofId, type ReplayGuard, replayId } from '../storage/index.ts';

/**
 * Algorithms with which a DPoP proof may be signed (RFC 9449 section 4.3). No RSA: whoever sends a proof chooses its key, so
 * a stranger would decide how much work its verification is.
 */
export const dpopAlgorithms = ['ES256', 'ES384', 'EdDSA', 'Ed25519'] as const;

/** How far `iat` may be from now, before or after, in seconds: as far as in the library. */
const WINDOW = 300;

const LONGEST_JTI = 255;

/** A proof in which nothing was found wrong. */
export interface DpopProof {
  /** SHA-256 thumbprint of its key (RFC 7638), the `jkt` of a bound token. */
  readonly thumbprint: string;
  /** Uses the proof up. Called last, when the request is right in everything else. @throws InvalidDpopProof if it was used before */
  take(): Promise<void>;
}

/**
 * Checks the proof of a token request.
 *
 * @returns undefined for a request without one, by a client that need not have one
 * @throws InvalidDpopProof for a proof with a fault
 * @throws InvalidGrant if there is none and the client demands bound tokens (RFC 9449 section 5.2)
 */
export type DpopCheck = (
  ctx: KoaContextWithOIDC,
  client: { readonly clientId: string; readonly dpopBoundAccessTokens?: boolean | undefined },
) => Promise<DpopProof | undefined>;

/** The URL without query and fragment, in normal form (RFC 3986 section 6.2); undefined if it is none. */
function target(htu: unknown): string | undefined {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  if (url === null) return undefined;
  url.search = '';
  url.hash = '';
  return url.href;
}

/** What is wrong with the claims of a proof for a POST to `url` at the time `now`, in seconds. */
function claimsFault(claims: JWTPayload, { url, now }: { url: string; now: number }): string | undefined {
  const { jti, htm, htu, iat, nonce } = claims;
  if (typeof iat !== 'number') return 'DPoP proof must have a iat number property';
  if (typeof jti !== 'string' || jti === '') return 'DPoP proof must have a jti string property';
  if (jti.length > LONGEST_JTI || !isPlain(jti))
    return `DPoP proof jti must be at most ${LONGEST_JTI} characters without control characters`;
  if (nonce !== undefined) return 'DPoP nonces are not supported';
  if (Math.abs(now - iat) > WINDOW) return 'DPoP proof iat is not recent enough';
  if (htm !== 'POST') return 'DPoP proof htm mismatch';
  return target(htu) === url ? undefined : 'DPoP proof htu mismatch';
}

/** Verifies a proof with the key in its own header; jose takes no private and no symmetric one. */
async function verify(proof: string, now: Date): Promise<JWTVerifyResult> {
  // Node writes several headers of one name into one line (RFC 9449 section 4.3: there is one).
  if (proof.includes(',')) throw new errors.InvalidDpopProof('there must be one DPoP header only');
  const rules = { algorithms: [...dpopAlgorithms], typ: 'dpop+jwt', currentDate: now };
  try {
    return await jwtVerify(proof, EmbeddedJWK, rules);
  } catch (cause) {
    throw new errors.InvalidDpopProof('invalid DPoP key binding', { cause });
  }
}

/**
 * Makes the check of RFC 9449 section 4.3 for grants that are ours. The library checks those of its own alike, with the same
 * words, but lends its check to nobody. One thing is better here: it takes the URL from the request, we from the issuer.
 *
 * A proof serves one request, whichever of the two checked it.
 */
export function createDpopCheck(options: {
  issuer: string;
  clock: Clock;
  replayGuard: ReplayGuard;
}): DpopCheck {
  const { issuer, clock, replayGuard } = options;
  const url = new URL(`${issuer}/token`).href;

  return async (ctx, { clientId, dpopBoundAccessTokens }) => {
    const proof = ctx.get('DPoP');
    if (proof === '') {
      if (dpopBoundAccessTokens) throw new errors.InvalidGrant('DPoP proof JWT not provided');
      return undefined;
    }
    const { payload, protectedHeader } = await verify(proof, clock.now());
    const fault = claimsFault(payload, { url, now: clock.seconds() });
    if (fault !== undefined) throw new errors.InvalidDpopProof(fault);
    const { iat = 0, jti = '' } = payload;
    return {
      thumbprint: await calculateJwkThumbprint(protectedHeader.jwk ?? {}),
      async take() {
        const id = proofId(clientId, replayId(clientId, jti));
        if (await replayGuard.first(id, new Date((iat + WINDOW) * 1000))) return;
        throw new errors.InvalidDpopProof('DPoP proof was used before');
      },
    };
  };
}
