import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import {
  aboveRole,
  admitAsserted,
  admitSystem,
  clientHolds,
  lastingScopes,
  requestedScopes,
  stillHeld,
} from '../../authorisation/index.ts';
import { type Api, hasProvenance } from '../../catalogue/index.ts';
import { type Client, isIdentityScope, jwtBearerGrant, scopesAt } from '../../clients/index.ts';
import { asText } from '../../text.ts';
import { admitted, asError } from '../refused.ts';
import type { RequestState } from '../request-state.ts';
import { resourceServer } from '../resource-server.ts';

/** A token request, when it is known who asks. */
interface TokenRequest {
  readonly client: Client;
  readonly state: RequestState;
}

function forSystem(ctx: KoaContextWithOIDC, api: Api, { client, state }: TokenRequest): ResourceServer {
  const admission = admitted(
    admitSystem({
      api,
      client,
      scope: ctx.oidc.params?.scope,
      // A parameter without a value counts as left out (RFC 6749 section 3.2).
      reason: ctx.oidc.body?.reason_for_request || undefined,
    }),
  );
  state.reason = admission.reason;
  return resourceServer(api, admission.scopes);
}

/** A client's own system signed somebody in. */
function forAsserted(ctx: KoaContextWithOIDC, api: Api, client: Client): ResourceServer {
  const admission = admitted(admitAsserted({ client, api, scope: ctx.oidc.params?.scope }));
  return resourceServer(api, admission.scopes);
}

/** A code or a refresh token is exchanged: nothing is asked for that was not granted. */
function forExchange(ctx: KoaContextWithOIDC, api: Api, { client, state }: TokenRequest): ResourceServer {
  const { RefreshToken: refreshToken, AuthorizationCode: code } = ctx.oidc.entities;
  const { role } = state;
  const held = stillHeld(client, api, [...((refreshToken ?? code)?.scopes ?? [])]);
  const above = new Set(role === undefined ? [] : aboveRole(role, api, held));
  const scopes = held.filter((scope) => !above.has(scope));
  const opens = hasProvenance(api) ? scopes.filter((scope) => !isIdentityScope(scope)) : scopes;
  if (opens.length === 0) throw new errors.InvalidGrant('the client may no longer use this resource');
  if (refreshToken !== undefined && !lastingScopes.some((scope) => scopes.includes(scope)))
    throw new errors.InvalidGrant('the client may no longer have refresh tokens');
  const asked = asText(ctx.oidc.params?.scope)?.split(' ');
  if (asked !== undefined && !asked.some((scope) => scopes.includes(scope)))
    throw new errors.InvalidScope('the client may no longer have this scope', asked.join(' '));
  return resourceServer(api, scopes);
}

/** Decides a token request, by its grant type. @throws the library's error of a refusal */
export function admitToken(ctx: KoaContextWithOIDC, api: Api, request: TokenRequest): ResourceServer {
  const grantType = ctx.oidc.params?.grant_type;
  if (grantType === 'client_credentials') return forSystem(ctx, api, request);
  return grantType === jwtBearerGrant
    ? forAsserted(ctx, api, request.client)
    : forExchange(ctx, api, request);
}

/** The audience of the API meant by a token request that names none: the client's only one, or the only one with these scopes. */
export function apiOfToken(ctx: KoaContextWithOIDC, client: Client, all: readonly Api[]): string {
  // Asked of a code or refresh token only when the request names several (RFC 8707 section 2.2).
  const grantType = ctx.oidc.params?.grant_type;
  if (grantType !== 'client_credentials' && grantType !== jwtBearerGrant)
    throw new errors.InvalidTarget('a request is for one resource');
  const apis = all.filter((api) => scopesAt(client, api.id) !== undefined);
  const [only] = apis;
  if (only !== undefined && apis.length === 1) return only.audience;
  const scopes = admitted(requestedScopes(ctx.oidc.params?.scope));
  const meant = apis.filter((api) => clientHolds(client, api, scopes));
  if (meant.length > 1)
    throw new errors.InvalidTarget('several resources have these scopes: name one with resource');
  const [found] = meant;
  if (found === undefined)
    throw asError({ error: 'invalid_scope', description: 'no resource of this client has these scopes' });
  return found.audience;
}
