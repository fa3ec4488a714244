import { errors, type JWTStructured, type KoaContextWithOIDC } from 'oidc-provider';
import type { Api } from '../catalogue/index.ts';
import { spineCore } from '../tokens/index.ts';
import type { RequestState, RequestStates } from './request-state.ts';

type Payload = NonNullable<JWTStructured['payload']>;

/** What the library has prepared, as far as profiles need it. */
interface Prepared {
  readonly iat: number;
  readonly jti: string;
  readonly scope: string;
}

function spineCorePayload(
  issuer: string,
  api: Api,
  state: RequestState,
  { iat, jti, scope }: Prepared,
): Payload {
  const { client, reason } = state;
  const hole = spineCore.provenanceFault({ asid: client?.asid, odsCode: client?.organization?.odsCode });
  if (
    client?.asid === undefined ||
    client.organization?.odsCode === undefined ||
    reason === undefined ||
    !spineCore.isReason(reason)
  ) {
    throw new errors.UnauthorizedClient(hole ?? 'the token would lack its provenance');
  }
  return spineCore.spineCoreClaims({
    issuer,
    audience: api.audience,
    issuedAt: iat,
    jti,
    clientId: client.clientId,
    asid: client.asid,
    odsCode: client.organization.odsCode,
    reason,
    scope,
  });
}

/**
 * `formats.customizers.jwt`: gives a JWT access token the claims of its API's profile.
 *
 * The library reads the clock twice while it makes a token, so `exp` is always set anew from `iat`.
 */
export function createTokenClaims(options: { issuer: string; states: RequestStates }) {
  const { issuer, states } = options;
  return (ctx: KoaContextWithOIDC, _token: unknown, jwt: JWTStructured): undefined => {
    const state = states.of(ctx);
    const { api } = state;
    if (api === undefined) throw new Error('a JWT was about to be issued that nobody admitted');
    const { iat, jti, scope } = jwt.payload as unknown as Prepared;
    const payload =
      api.profile === 'spine-core'
        ? spineCorePayload(issuer, api, state, { iat, jti, scope })
        : { ...jwt.payload, exp: iat + api.tokenLifetime };
    jwt.payload = payload;
    jwt.header = { typ: api.tokenTyp };
    state.subject = String(payload.sub);
  };
}
