import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { identityHeld, lastingScopes } from '../authorisation/index.ts';
import type { Api, Catalogue } from '../catalogue/index.ts';
import type { Client } from '../clients/index.ts';
import { admitAuthorisation, apiOfAuthorisation, checkOneApi } from './person/authorisation-request.ts';
import type { RequestState, RequestStates } from './request-state.ts';
import { resourceServer } from './resource-server.ts';
import { admitToken, apiOfToken } from './token/token-request.ts';

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

  async function apisOf(state: RequestState): Promise<readonly Api[]> {
    state.apis ??= await catalogue.all();
    return state.apis;
  }

  return {
    async getResourceServerInfo(ctx, indicator) {
      const { client, state } = present(ctx);
      const api = (await apisOf(state)).find((one) => one.audience === indicator);
      if (api === undefined) throw new errors.InvalidTarget('the resource is not known');
      state.api = api;
      if (ctx.oidc.route === 'token') return admitToken(ctx, api, { client, state });
      checkOneApi(ctx, api);
      return resourceServer(api, admitAuthorisation(ctx, { api, client, state }));
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
      const apis = await apisOf(state);
      return ctx.oidc.route === 'token'
        ? apiOfToken(ctx, client, apis)
        : apiOfAuthorisation(ctx, { client, state, apis });
    },
  };
}
