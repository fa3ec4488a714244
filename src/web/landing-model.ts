import { type Api, type Catalogue, scopeFamily } from '../catalogue/index.ts';
import { type Client, type ClientRegistry, scopesAt } from '../clients/index.ts';
import { demoCommands, demoPassword } from '../demo/index.ts';
import { describe } from '../scopes/index.ts';
import type { LandingModel } from './landing.ts';
import type { Renderer } from './render.ts';

/** Gathers what the first page shows; outside the demo that is no more than name and version. */
export function createLandingModel(options: {
  issuer: string;
  version: string;
  demo: boolean;
  catalogue: Pick<Catalogue, 'all'>;
  registry: Pick<ClientRegistry, 'list'>;
  scopeSentence: Renderer['scopeSentence'];
}): () => Promise<LandingModel> {
  const { issuer, version, demo, catalogue, registry, scopeSentence } = options;

  function describeApi(api: Api): LandingModel['apis'][number] {
    const family = scopeFamily(api);
    const scopes = api.scopes.map((text) => {
      const description = family && describe(family, text);
      return { text, sentence: description === undefined ? text : scopeSentence(description) };
    });
    return { id: api.id, audience: api.audience, profile: api.profile, scopes };
  }

  const describeClient = (client: Client): LandingModel['clients'] =>
    Object.entries(client.apis).map(([api, scopes]) => ({
      clientId: client.clientId,
      organization: client.organization?.name ?? '',
      authentication: String(client.metadata.token_endpoint_auth_method),
      api,
      scopes: scopes.join(' '),
    }));

  return async () => {
    if (!demo) return { issuer, version, demo, demoApp: null, apis: [], clients: [], commands: [] };
    const [apis, clients] = await Promise.all([catalogue.all(), registry.list()]);
    return {
      issuer,
      version,
      demo,
      demoApp: { uri: '/demo', account: 'aroha@example.test', password: demoPassword },
      apis: apis
        .filter((api) => clients.some((client) => scopesAt(client, api.id) !== undefined))
        .map(describeApi),
      clients: clients.flatMap(describeClient),
      commands: [...demoCommands(issuer)],
    };
  };
}
