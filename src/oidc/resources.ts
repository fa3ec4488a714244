import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import type { Api, Catalogue } from '../catalogue/index.ts';
import type { Client, ClientRegistry } from '../clients/index.ts';
import { admitSystem, clientHolds, type Refusal, requestedScopes } from './admission.ts';
import type { RequestStates } from './request-state.ts';

/** Makes the library's error of a refusal. */
const asError = ({ error, description }: Refusal) => new errors.CustomOIDCProviderError(error, description);

const isRefusal = (value: object): value is Refusal => 'error' in value;

export interface Resources {
  /** `resourceIndicators.getResourceServerInfo`: decides the request and says what its token looks like. */
  getResourceServerInfo(
    ctx: KoaContextWithOIDC,
    indicator: string,
    client: { clientId: string },
  ): Promise<ResourceServer>;
  /** `resourceIndicators.defaultResource`: the API meant by a request that names none. */
  defaultResource(ctx: KoaContextWithOIDC): Promise<string>;
}

/** Connects the catalogue and the decision on scopes to the library's resource indicators (RFC 8707). */
export function createResources(options: {
  catalogue: Catalogue;
  registry: ClientRegistry;
  states: RequestStates;
}): Resources {
  const { catalogue, registry, states } = options;

  async function registered(clientId: string | undefined): Promise<Client> {
    const client = clientId === undefined ? undefined : await registry.find(clientId);
    // It was found a moment ago, when it proved who it is: it was deleted since.
    if (client === undefined) throw new errors.InvalidClientAuth('client not found');
    return client;
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
    async getResourceServerInfo(ctx, indicator, { clientId }) {
      const api = await catalogue.byAudience(indicator);
      if (api === undefined) throw new errors.InvalidTarget('the resource is not known');
      const client = await registered(clientId);
      const state = states.of(ctx);
      state.api = api;
      state.client = client;
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
      const client = await registered(ctx.oidc.client?.clientId);
      const apis = (await catalogue.all()).filter((api) => client.apis[api.id] !== undefined);
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
