import type Koa from 'koa';
import type { Api, Catalogue } from '../catalogue/index.ts';
import { type Client, type ClientRegistry, scopesAt } from '../clients/index.ts';
import { demoAuthenticatorKey, demoCommands, demoPassword } from '../demo/index.ts';
import type { Asking } from './languages.ts';
import type { Render } from './renderers.ts';
import type { Words } from './scope-words.ts';

/** What the first page shows. */
export interface LandingModel {
  issuer: string;
  version: string;
  /** False in production: then neither commands nor the lists of APIs and clients are shown. */
  demo: boolean;
  /** Where a visitor tries it as a patient, and whom to sign in as; null outside the demo. */
  demoApp: { uri: string; account: string; password: string; authenticatorKey: string } | null;
  apis: {
    id: string;
    audience: string;
    profile: string;
    scopes: { text: string; words: string }[];
  }[];
  clients: { clientId: string; organization: string; authentication: string; api: string; scopes: string }[];
  /** `title` is a locale key. */
  commands: { title: string; command: string }[];
}

/** Gathers what the first page shows; outside the demo that is no more than name and version. */
export function createLandingModel(options: {
  issuer: string;
  version: string;
  demo: boolean;
  catalogue: Pick<Catalogue, 'all'>;
  registry: Pick<ClientRegistry, 'list'>;
  words: Words;
}): (language: string) => Promise<LandingModel> {
  const { issuer, version, demo, catalogue, registry, words } = options;

  function describeApi(api: Api, language: string): LandingModel['apis'][number] {
    const scopes = api.scopes.map((text) => ({ text, words: words(language, api, text) }));
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

  return async (language) => {
    if (!demo) return { issuer, version, demo, demoApp: null, apis: [], clients: [], commands: [] };
    const [apis, clients] = await Promise.all([catalogue.all(), registry.list()]);
    return {
      issuer,
      version,
      demo,
      demoApp: {
        uri: '/demo',
        account: 'aroha@example.test',
        password: demoPassword,
        authenticatorKey: demoAuthenticatorKey,
      },
      apis: apis
        .filter((api) => clients.some((client) => scopesAt(client, api.id) !== undefined))
        .map((api) => describeApi(api, language)),
      clients: clients.flatMap(describeClient),
      commands: [...demoCommands(issuer)],
    };
  };
}

/** What the first page needs. The model is asked for on each visit, so that it shows the catalogue as it is. */
export interface LandingDependencies {
  render: Render;
  languageOf: (asking: Asking) => string;
  model: (language: string) => Promise<LandingModel>;
}

/** Answers `GET /`: what runs here, what to try, and where the addresses are. */
export function createLanding({ render, languageOf, model }: LandingDependencies): Koa.Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    render(ctx, 'landing.njk', await model(languageOf(ctx)));
    ctx.set('Cache-Control', 'no-store');
  };
}
