import type { Redis } from 'ioredis';
import type { JWK } from 'jose';
import type { Context } from 'koa';
import Provider, { type AdapterPayload, type Configuration } from 'oidc-provider';
import type { Logger } from 'pino';
import type { AnonymousDenials, Audit } from '../audit/index.ts';
import type { Catalogue } from '../catalogue/index.ts';
import { type Client, type ClientRegistry, isClientId, secretMatches } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/index.ts';
import type { SigningKeys } from '../keys/index.ts';
import type { RemoteJwks } from '../outgoing/index.ts';
import { audiences, checkBody, isHopeful } from './client-authentication.ts';
import { createProvider, placeholderSecret } from './provider.ts';
import { createRequestStates, type RequestState } from './request-state.ts';
import { createResources } from './resources.ts';
import { createAdapter, createRedisStore, createReplayGuard, createSqlStore } from './storage/index.ts';
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
  readonly audit: Audit;
  readonly denials: AnonymousDenials;
  readonly remoteJwks: RemoteJwks;
  /** Network address of the caller of a request. */
  readonly sourceOf: (ctx: Context) => string;
  readonly renderError: NonNullable<Configuration['renderError']>;
}

/** Makes the metadata that the library sees of a registered client. */
function libraryMetadata(client: Client, keys: readonly JWK[] | undefined): AdapterPayload {
  const { jwks_uri: _uri, ...metadata } = client.metadata;
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

/** Puts the OpenID provider together: storage, decisions, claims, and what goes around its token endpoint. */
export async function createOidc(options: OidcOptions): Promise<Provider> {
  const { issuer, db, redis, clock, log, registry, catalogue, remoteJwks } = options;
  const states = createRequestStates();
  const store = createSqlStore({ db, clock });

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
    pending: {
      collect(placed) {
        const ctx = Provider.ctx;
        const tokens = ctx === undefined ? undefined : states.of(ctx).tokens;
        tokens?.push(placed);
        return tokens !== undefined;
      },
    },
    async findClient(clientId) {
      // Client authentication is the first look-up of every request with a body, so this is the body's door.
      const ctx = Provider.ctx;
      const body = ctx?.oidc?.body;
      checkBody(body, ctx?.headers.authorization !== undefined);
      const client = isClientId(clientId) ? await registry.find(clientId) : undefined;
      if (client === undefined) return undefined;
      if (ctx !== undefined) states.of(ctx).client = client;
      return libraryMetadata(client, await publishedKeys(client, body?.client_assertion));
    },
  });

  const provider = createProvider({
    issuer,
    clock,
    adapter,
    cookieKeys: options.cookieKeys,
    privateJwks: await options.keys.privateJwks(),
    resources: createResources({ catalogue, states }),
    tokenClaims: createTokenClaims({ issuer, states }),
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
    // The answer is JSON (RFC 6749 section 5.2) whatever a browser-like client says it accepts.
    renderError(ctx, out, error) {
      if (ctx.oidc?.route !== 'token') return options.renderError(ctx, out, error);
      ctx.body = out;
    },
  });

  provider.use((ctx, next) => {
    for (const name of headersOfOtherMethods) delete ctx.req.headers[name];
    return next();
  });
  provider.use(createTokenEndpoint({ ...options, store, states }));
  provider.on('grant.error', (ctx, error) => {
    const detail = 'error_detail' in error && !error.cause ? error.error_detail : undefined;
    log.info({ client_id: ctx.oidc.client?.clientId, error: error.message, detail }, 'token request refused');
  });
  provider.on('server_error', (_ctx, error) => log.error({ err: error }, 'request failed'));
  return provider;
}
