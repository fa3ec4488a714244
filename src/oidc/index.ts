import type { Redis } from 'ioredis';
import type { JWK } from 'jose';
import type { Context } from 'koa';
import Provider, { type AdapterPayload } from 'oidc-provider';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/index.ts';
import type { AnonymousDenials, Audit } from '../audit/index.ts';
import type { Api, Catalogue } from '../catalogue/index.ts';
import { type Client, type ClientRegistry, isClientId, secretMatches } from '../clients/index.ts';
import type { Clock, Ids } from '../clock.ts';
import type { Consents, Questions } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import type { SigningKeys } from '../keys/index.ts';
import type { RemoteJwks } from '../outgoing/index.ts';
import { createFindAccount } from './account.ts';
import { createAuthorisationEndpoint } from './authorisation-endpoint.ts';
import { createAuthority } from './authority.ts';
import { audiences, checkBody, isHopeful } from './client-authentication.ts';
import { createCrossOrigin } from './cross-origin.ts';
import { createFamilies, type Families } from './families.ts';
import { createGrants } from './grants.ts';
import { createIntrospection } from './introspection.ts';
import { createProvider, placeholderSecret } from './provider.ts';
import { createQuestions } from './questions.ts';
import { createRequestStates, type RequestState, type RequestStates } from './request-state.ts';
import { createResources } from './resources.ts';
import { createSignOut, type SignOutPages, type WayBack, wayBack } from './sign-out.ts';
import {
  createAdapter,
  createRedisStore,
  createReplayGuard,
  createSqlStore,
  type Exchange,
} from './storage/index.ts';
import { createTokenClaims } from './token-claims.ts';
import { createTokenEndpoint } from './token-endpoint.ts';

/** What the OAuth side of Assent needs from the rest. */
export interface OidcOptions {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  readonly db: Database;
  /** Where sessions, interactions and pushed requests are kept; undefined: in the database. */
  readonly redis: Redis | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly keys: SigningKeys;
  readonly registry: ClientRegistry;
  readonly catalogue: Catalogue;
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly ids: Ids;
  readonly audit: Audit;
  readonly denials: AnonymousDenials;
  readonly remoteJwks: RemoteJwks;
  /** Network address of the caller of a request. */
  readonly sourceOf: (ctx: Context) => string;
  readonly pages: OidcPages;
  /** The sentence for a scope of an API, in the language of the page. */
  readonly words: (api: Api | undefined, scope: string) => string;
}

/** What a person sees of a request that cannot go on. */
export interface RefusedRequest {
  readonly status: number;
  readonly error: string;
  readonly description: string | undefined;
  /** Where the person finds the application again, if it is known and said so. */
  readonly client: WayBack | null;
}

/** The pages of the OAuth side. Each sets the body of the answer. */
export interface OidcPages extends SignOutPages {
  refused(ctx: Context, request: RefusedRequest): void;
}

/** Makes the metadata that the library sees of a registered client. Scopes are checked here, not there. */
function libraryMetadata(client: Client, keys: readonly JWK[] | undefined): AdapterPayload {
  const { jwks_uri: _uri, scope: _scope, ...metadata } = client.metadata;
  const needsSecret = metadata.token_endpoint_auth_method === 'client_secret_basic';
  return {
    ...metadata,
    ...(keys === undefined ? {} : { jwks: { keys: [...keys] } }),
    ...(needsSecret ? { client_secret: placeholderSecret } : {}),
    client_id: client.clientId,
  } as AdapterPayload;
}

/** Headers of methods that are off: the library would look at them all the same, before it authenticates. */
const headersOfOtherMethods = ['oauth-client-attestation', 'oauth-client-attestation-pop', 'dpop'];

/** How storage belongs to the request that asks for it. */
function createExchange(options: { db: Database; states: RequestStates; families: Families }): Exchange {
  const { db, states, families } = options;
  const request = () => (Provider.ctx === undefined ? undefined : states.of(Provider.ctx));
  return {
    collect(placed) {
      const tokens = request()?.tokens;
      tokens?.push(placed);
      return tokens !== undefined;
    },
    active: () => Provider.ctx?.oidc?.route === 'token',
    begin: db.begin,
    predecessor: () => Provider.ctx?.oidc?.entities.RotatedRefreshToken?.jti,
    async endFamily(grantId) {
      const state = request();
      if (state !== undefined && Provider.ctx?.oidc?.route === 'token') {
        state.endings ??= new Set();
        state.endings.add(grantId);
      } else await families.end([grantId], 'signed out');
    },
  };
}

/** Routes whose answers people see; all others answer JSON, whatever a browser-like client says it accepts. */
const pageRoutes = /^(authorization|resume|end_session.*)$/;

export { smartConfiguration } from './smart-configuration.ts';

/** The OpenID provider, and what the pages ask it. */
export interface Oidc {
  readonly provider: Provider;
  readonly questions: Questions;
}

/** Puts the OpenID provider together: storage, decisions, claims, and what goes around its endpoints. */
export async function createOidc(options: OidcOptions): Promise<Oidc> {
  const { issuer, db, redis, clock, log, registry, catalogue, remoteJwks, consents, accounts, pages } =
    options;
  const states = createRequestStates();
  const store = createSqlStore({ db, clock });
  const families = createFamilies({ ...options, store });
  const authority = createAuthority({ consents, states });
  const grants = createGrants({ ...options, provider: () => provider, states });
  const signOut = createSignOut({ ...options, states });

  /**
   * The keys behind a client's jwks_uri. The library never sees the URI: it would ask again only when a signature
   * fails, so a key that was taken back would go on working. Nobody is asked for a request that fails anyway.
   */
  async function publishedKeys(client: Client, assertion: unknown): Promise<readonly JWK[] | undefined> {
    const { jwks_uri: uri } = client.metadata;
    if (typeof uri !== 'string') return undefined;
    const hopeful = isHopeful(assertion, {
      clientId: client.clientId,
      expected: audiences(issuer),
      now: clock.seconds(),
    });
    return hopeful ? remoteJwks.keys(uri) : [];
  }

  const adapter = createAdapter({
    durable: store,
    volatile: redis === undefined ? store : createRedisStore({ redis, clock }),
    replayGuard: createReplayGuard({ db }),
    clock,
    exchange: createExchange({ db, states, families }),
    async findClient(clientId) {
      // Client authentication is the first look-up of every request with a body, so this is the body's door.
      const ctx = Provider.ctx;
      const body = ctx?.oidc?.body;
      checkBody(body, ctx?.headers.authorization !== undefined);
      const client = isClientId(clientId) ? await registry.find(clientId) : undefined;
      if (client === undefined) return undefined;
      // The first one is the client of the request; introspection looks up that of the token, too.
      if (ctx !== undefined) states.of(ctx).client ??= client;
      return libraryMetadata(client, await publishedKeys(client, body?.client_assertion));
    },
  });

  const provider: Provider = createProvider({
    issuer,
    clock,
    adapter,
    cookieKeys: options.cookieKeys,
    privateJwks: await options.keys.privateJwks(),
    resources: createResources({ catalogue, states }),
    tokenClaims: createTokenClaims({ issuer, states }),
    findAccount: createFindAccount({ accounts, authority, states }),
    loadExistingGrant: grants.load,
    introspection: createIntrospection({ catalogue, accounts, authority, states }),
    signOut,
    secretMatches(clientId, presented) {
      const state: RequestState = Provider.ctx === undefined ? {} : states.of(Provider.ctx);
      const matches =
        state.client?.clientId === clientId && secretMatches(state.client, presented, clock.now());
      if (matches) state.authenticated = true;
      return matches;
    },
    onAssertion(ctx) {
      states.of(ctx).authenticated = true;
    },
    async renderError(ctx, out) {
      if (!pageRoutes.test(ctx.oidc?.route ?? '') || ctx.accepts('html', 'json') === 'json') ctx.body = out;
      else
        pages.refused(ctx, {
          status: ctx.status,
          error: out.error,
          description: out.error_description,
          client: wayBack(states.of(ctx).client),
        });
    },
  });

  provider.use((ctx, next) => {
    for (const name of headersOfOtherMethods) delete ctx.req.headers[name];
    return next();
  });
  provider.use(createAuthorisationEndpoint({ pages }));
  provider.use(createCrossOrigin({ registry, states }));
  provider.use(signOut.middleware);
  provider.use(createTokenEndpoint({ ...options, store, states, authority, families }));
  provider.on('grant.error', (ctx, error) => {
    const detail = 'error_detail' in error && !error.cause ? error.error_detail : undefined;
    log.info({ client_id: ctx.oidc.client?.clientId, error: error.message, detail }, 'token request refused');
  });
  provider.on('server_error', (_ctx, error) => log.error({ err: error }, 'request failed'));
  return { provider, questions: createQuestions({ ...options, provider, grants, families }) };
}
