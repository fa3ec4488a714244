import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Api, Catalogue } from '../catalogue/index.ts';
import { type Client, scopesAt } from '../clients/index.ts';
import { admitSystem, clientHolds, type Refusal, requestedScopes } from './admission.ts';
import type { RequestState, RequestStates } from './request-state.ts';

/** Makes the library's error of a refusal. */
const asError = ({ error, description }: Refusal) => new errors.CustomOIDCProviderError(error, description);

const isRefusal = (value: object): value is Refusal => 'error' in value;

export interface Resources {
  /** `resourceIndicators.getResourceServerInfo`: decides the request and says what its token looks like. */
  getResourceServerInfo(ctx: KoaContextWithOIDC, indicator: string): Promise<ResourceServer>;
  /** `resourceIndicators.defaultResource`: the API meant by a request that names none. */
  defaultResource(ctx: KoaContextWithOIDC): Promise<string>;
}

/** Connects the catalogue and the decision on scopes to the library's resource indicators (RFC 8707). */
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

  function describe(api: Api, scopes: readonly string[]): ResourceServer {
    return {
      scope: scopes.join(' '),
      audience: api.audience,
      accessTokenTTL: api.tokenLifetime,
      accessTokenFormat: api.tokenFormat,
      jwt: { sign: { alg: api.signingAlg as 'ES256' } },
    };
  }

  return {
    async getResourceServerInfo(ctx, indicator) {
      const { client, state } = present(ctx);
      state.apis ??= await catalogue.all();
      const api = state.apis.find((one) => one.audience === indicator);
      if (api === undefined) throw new errors.InvalidTarget('the resource is not known');
      state.api = api;
      const admission = admitSystem({
        api,
        client,
        scope: ctx.oidc.params?.scope,
        // A parameter without a value counts as left out (RFC 6749 section 3.2).
        reason: ctx.oidc.body?.reason_for_request || undefined,
      });
      if (isRefusal(admission)) throw asError(admission);
      state.reason = admission.reason;
      return describe(api, admission.scopes);
    },
    async defaultResource(ctx) {
      const { client, state } = present(ctx);
      state.apis ??= await catalogue.all();
      const apis = state.apis.filter((api) => scopesAt(client, api.id) !== undefined);
      const [only] = apis;
      if (only !== undefined && apis.length === 1) return only.audience;
      const scopes = requestedScopes(ctx.oidc.params?.scope);
      if (isRefusal(scopes)) throw asError(scopes);
      const meant = apis.filter((api) => clientHolds(client, api, scopes));
      if (meant.length > 1)
        throw new errors.InvalidTarget('several resources have these scopes: name one with resource');
      const [found] = meant;
      if (found === undefined)
        throw asError({ error: 'invalid_scope', description: 'no resource of this client has these scopes' });
      return found.audience;
    },
  };
}
