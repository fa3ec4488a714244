import { decodeJwt } from 'jose';
import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { admitAsserted, admitPerson, identityHeld, stillHeld } from '../authorisation/person.ts';
import { admitted, asError } from '../authorisation/refusal.ts';
import { admitSystem, clientHolds, requestedScopes } from '../authorisation/system.ts';
import { type Api, type Catalogue, hasProvenance } from '../catalogue/index.ts';
import { type Client, isIdentityScope, jwtBearerGrant, scopesAt } from '../clients/index.ts';
import { splitScope } from '../scopes/index.ts';
import { asText } from '../text.ts';
import { responseModes } from './person/authorisation-endpoint.ts';
import type { RequestState, RequestStates } from './request-state.ts';
import { aboveRole } from './role-choice.ts';

export interface Resources {
  /** `resourceIndicators.getResourceServerInfo`: decides the request and says what its token looks like. */
  getResourceServerInfo(ctx: KoaContextWithOIDC, indicator: string): Promise<ResourceServer>;
  /** `resourceIndicators.defaultResource`: the API meant by a request that names none. */
  defaultResource(ctx: KoaContextWithOIDC): Promise<string | string[]>;
  /** `issueRefreshToken`: whether what was granted lasts longer than an access token. */
  isLasting(
    ctx: KoaContextWithOIDC,
    client: { grantTypeAllowed(type: string): boolean },
    source: { readonly scopes: ReadonlySet<string> },
  ): Promise<boolean>;
}

/** Scopes that come with a refresh token. */
const lastingScopes = ['offline_access', 'online_access'];

/**
 * The `scope` of an authorisation request as it was sent. The library strips `offline_access` from it unless
 * `prompt=consent`, which SMART applications do not send.
 */
function sentScope({ oidc, query }: KoaContextWithOIDC): string | undefined {
  if (oidc.route === 'pushed_authorization_request') return asText(oidc.body?.scope);
  const pushed = oidc.entities.PushedAuthorizationRequest?.request;
  return asText(pushed === undefined ? query.scope : decodeJwt(pushed).scope);
}

/**
 * The `aud` parameter. The library keeps a pushed request as a JWT, whose own `aud` (this issuer) takes the place of the
 * parameter; by then the parameter has become the resource.
 */
function audOf({ oidc }: KoaContextWithOIDC): string | undefined {
  if (oidc.params === undefined) return undefined;
  if (oidc.entities.PushedAuthorizationRequest !== undefined && oidc.route === 'authorization')
    oidc.params.aud = undefined;
  return asText(oidc.params.aud);
}

function describe(api: Api, scopes: readonly string[]): ResourceServer {
  return {
    scope: scopes.join(' '),
    audience: api.audience,
    accessTokenTTL: api.tokenLifetime,
    accessTokenFormat: api.tokenFormat,
    jwt: { sign: { alg: api.signingAlg as 'ES256' } },
  };
}

/** Connects the catalogue and the decisions on scopes to the library's resource indicators (RFC 8707). */
export function createResources(options: { catalogue: Catalogue; states: RequestStates }): Resources {
  const { catalogue, states } = options;

  function present(ctx: KoaContextWithOIDC): { client: Client; state: RequestState } {
    const state = states.of(ctx);
    const { client, tokens } = state;
    if (client === undefined || tokens === undefined) {
      throw new Error(
        'a token was about to be issued that nobody asked for, or that no audit row would be written for',
      );
    }
    return { client, state };
  }

  async function apiOf(state: RequestState, audience: string): Promise<Api> {
    state.apis ??= await catalogue.all();
    const api = state.apis.find((one) => one.audience === audience);
    if (api === undefined) throw new errors.InvalidTarget('the resource is not known');
    state.api = api;
    return api;
  }

  function forSystem(ctx: KoaContextWithOIDC, api: Api, client: Client, state: RequestState): ResourceServer {
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
    return describe(api, admission.scopes);
  }

  /** A person is going to be asked, or has just answered. */
  function forPerson(ctx: KoaContextWithOIDC, api: Api | undefined, client: Client): readonly string[] {
    const { params, route } = ctx.oidc;
    if (params === undefined) throw new Error('an authorisation request has parameters');
    const mode = params.response_mode;
    if (mode !== undefined && !responseModes.some((one) => one === mode))
      throw new errors.InvalidRequest(`response_mode must be ${responseModes.join(' or ')}`);
    const sent = route === 'resume' ? undefined : sentScope(ctx);
    const scopes = sent === undefined ? undefined : splitScope(sent);
    if (scopes?.includes('offline_access')) params.scope = scopes.join(' ');
    const admission = admitted(
      admitPerson({
        client,
        api,
        scope: params.scope,
        state: params.state,
        reason: params.reason_for_request || undefined,
      }),
    );
    states.of(ctx).reason = admission.reason;
    return admission.scopes;
  }

  /** A client's own system signed somebody in. */
  function forAsserted(ctx: KoaContextWithOIDC, api: Api, client: Client): ResourceServer {
    const admission = admitted(admitAsserted({ client, api, scope: ctx.oidc.params?.scope }));
    return describe(api, admission.scopes);
  }

  /** A code or a refresh token is exchanged: nothing is asked for that was not granted. */
  function forExchange(ctx: KoaContextWithOIDC, api: Api, client: Client): ResourceServer {
    const { RefreshToken: refreshToken, AuthorizationCode: code } = ctx.oidc.entities;
    const { role } = states.of(ctx);
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
    return describe(api, scopes);
  }

  /** The API of a request that comes without a person and names none: the client's only one, or the only one with these scopes. */
  function apiOfSystem(ctx: KoaContextWithOIDC, client: Client, all: readonly Api[]): string {
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

  /**
   * The API of an authorisation request. SMART names the FHIR base `aud`, and a slash at its end means the same base. A
   * client of the Spine profiles need not name one, where only one of its APIs can be meant.
   */
  function apiOfPerson(ctx: KoaContextWithOIDC, client: Client, all: readonly Api[]): string | string[] {
    const aud = audOf(ctx);
    if (aud) return all.find((api) => `${api.audience}/` === aud)?.audience ?? aud;
    const apis = all.filter((api) => scopesAt(client, api.id) !== undefined);
    const asked = asText(ctx.oidc.params?.scope)?.split(' ') ?? [];
    const opens = asked.filter((scope) => !isIdentityScope(scope));
    const [meant, ...more] = apis.filter((api) => apis.length === 1 || clientHolds(client, api, opens));
    if (opens.length > 0 && meant !== undefined && more.length === 0 && apis.every(hasProvenance))
      return meant.audience;
    if (apis.some((api) => api.profile === 'smart') || (apis.length > 0 && opens.length > 0))
      throw new errors.InvalidRequest(
        'aud (or resource) is required: the address of the API that is to be used',
      );
    forPerson(ctx, undefined, client);
    return [];
  }

  return {
    async getResourceServerInfo(ctx, indicator) {
      const { client, state } = present(ctx);
      const { params, route } = ctx.oidc;
      const api = await apiOf(state, indicator);
      if (route === 'token') {
        if (params?.grant_type === 'client_credentials') return forSystem(ctx, api, client, state);
        return params?.grant_type === jwtBearerGrant
          ? forAsserted(ctx, api, client)
          : forExchange(ctx, api, client);
      }
      const aud = audOf(ctx);
      if (aud && aud !== api.audience && aud !== `${api.audience}/`)
        throw new errors.InvalidTarget('aud and resource name different APIs');
      if (Array.isArray(params?.resource) && params.resource.length > 1)
        throw new errors.InvalidTarget('a request is for one resource');
      return describe(api, forPerson(ctx, api, client));
    },
    async isLasting(ctx, client, { scopes }) {
      const { client: registered, api } = states.of(ctx);
      const held = registered === undefined ? [] : identityHeld(registered, api);
      return (
        client.grantTypeAllowed('refresh_token') &&
        lastingScopes.some((scope) => scopes.has(scope) && held.includes(scope))
      );
    },
    async defaultResource(ctx) {
      const { client, state } = present(ctx);
      state.apis ??= await catalogue.all();
      if (ctx.oidc.route !== 'token') return apiOfPerson(ctx, client, state.apis);
      // InteractionRequests of a code or refresh token only when the request names several (RFC 8707 section 2.2).
      const grantType = ctx.oidc.params?.grant_type;
      if (grantType !== 'client_credentials' && grantType !== jwtBearerGrant)
        throw new errors.InvalidTarget('a request is for one resource');
      return apiOfSystem(ctx, client, state.apis);
    },
  };
}
