import type { RequestListener } from 'node:http';
import type { JWK } from 'jose';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/index.ts';
import type { AnonymousDenials, Audit } from '../audit/index.ts';
import type { Api, Catalogue } from '../catalogue/index.ts';
import { type ClientRegistry, jwtBearerGrant, secretMatches } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import type { Consents } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import { JWKS_MAX_AGE } from '../keys/index.ts';
import type { LoadLimits } from '../limits/index.ts';
import type { RemoteJwks } from '../outgoing/index.ts';
import type { Practitioners } from '../practitioners/index.ts';
import type { RedisConnection } from '../redis.ts';
import type { DenyList, Revocations } from '../revocations/index.ts';
import type { Metrics } from '../telemetry/index.ts';
import { asText } from '../text.ts';
import { createClientLimits } from './client/client-limits.ts';
import { createCrossOrigin } from './client/cross-origin.ts';
import { createFindClient } from './client/find-client.ts';
import { createFaults, isForPeople, isInterrupted } from './faults.ts';
import { createEndGrants } from './grants/end-grants.ts';
import { createGrantValidity } from './grants/grant-validity.ts';
import { createGrants } from './grants/grants.ts';
import { createIntrospection } from './issued/introspection.ts';
import { createIntrospectionEndpoint } from './issued/introspection-endpoint.ts';
import { createIssuedTokens } from './issued/issued-tokens.ts';
import { createRevocationEndpoint } from './issued/revocation-endpoint.ts';
import { createFindAccount } from './person/account.ts';
import { createAuthorisationEndpoint } from './person/authorisation-endpoint.ts';
import { createBrowserBinding } from './person/browser-binding.ts';
import { createInteractionRequests } from './person/interaction-request.ts';
import { createInteractions } from './person/interactions.ts';
import { createPrompts } from './person/prompts.ts';
import type { Interactions } from './person/question.ts';
import {
  type ApplicationLink,
  applicationLink,
  asSignOutFault,
  createSignOut,
  type SignOutPages,
} from './person/sign-out.ts';
import { createProvider, type ProviderParts } from './provider.ts';
import { createRecords } from './record-choice.ts';
import { createRequestCounts } from './request-counts.ts';
import { createRequestStates, type RequestState } from './request-state.ts';
import { createResources } from './resources.ts';
import { createRoles } from './role-choice.ts';
import { createAdapter, createRedisStore, createReplayGuard, createSqlStore } from './storage/index.ts';
import { createStorageContext } from './storage-context.ts';
import { createDpopCheck } from './token/dpop.ts';
import { createTokenClaims } from './token/token-claims.ts';
import { createTokenEndpoint } from './token/token-endpoint.ts';
import { createUserContextGrant, jwtBearerParameters } from './token/user-context-grant.ts';

export { isForPrograms } from './faults.ts';
export { type Ended, endAll } from './grants/end-all.ts';
export type { HttpExchange, Interactions, Next, OfferedRole, Question } from './person/question.ts';
export { smartConfiguration } from './smart-configuration.ts';

/** What the OAuth side of Assent needs from the rest. */
export interface OidcOptions {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  /** Secret, the same on all nodes. */
  readonly browserBindingKey: string;
  readonly db: Database;
  /** Where sessions, interactions and pushed requests are kept; undefined: in the database. */
  readonly redis: RedisConnection | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Private signing keys to begin with; of each algorithm the first one signs. */
  readonly privateJwks: readonly JWK[];
  readonly registry: ClientRegistry;
  readonly catalogue: Catalogue;
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly practitioners: Practitioners;
  readonly audit: Audit;
  readonly denials: AnonymousDenials;
  readonly metrics: Pick<Metrics, 'issued' | 'denied'>;
  readonly remoteJwks: RemoteJwks;
  /** Whether this node's clock can be relied on. */
  readonly isOnTime: () => boolean;
  readonly load: LoadLimits;
  readonly revocations: Revocations;
  readonly denyList: DenyList;
  /** Told when a token was taken back. */
  readonly onRevoked: () => void;
  /** Network address of the caller of a request. */
  readonly sourceOf: (ctx: Context) => string;
  /** What goes around everything, also around what is answered before the library is asked. */
  readonly outermost: readonly Middleware[];
  /** Whether a form was sent from a page of ours. */
  readonly isOwnForm: (ctx: Context) => boolean;
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
  readonly client: ApplicationLink | null;
}

/** The pages of the OAuth side. Each sets the body of the answer. */
export interface OidcPages extends SignOutPages {
  refused(ctx: Context, request: RefusedRequest): void;
  /** What was kept of a sign-in in progress cannot be reached. `client`: where the person finds the application again. */
  interrupted(ctx: Context, client: ApplicationLink | null): void;
  /** A page that took too long, was finished before, or began in another browser: nobody's mistake. */
  expired(ctx: Context): void;
}

/** Headers of methods that are off: the library would look at them all the same, before it authenticates. */
const headersOfOtherMethods = ['oauth-client-attestation', 'oauth-client-attestation-pop'];

/** The OpenID provider, and what the pages ask it. */
export interface Oidc {
  readonly handle: RequestListener;
  /**
   * Signs with other keys from now on. The library reads its keys once, so a new provider takes the place of the old one;
   * requests under way finish on the one on which they began.
   */
  useKeys(privateJwks: readonly JWK[]): void;
  readonly interactions: Interactions;
}

/** Whether something took too long, was finished before, or began in another browser; a sign-out that was, too. */
const isExpired = (ctx: KoaContextWithOIDC, fault: unknown) =>
  fault instanceof errors.SessionNotFound ||
  (ctx.oidc.route === 'end_session_confirm' && fault instanceof errors.InvalidRequest);

/** Koa would write what it cannot answer to the standard error, stack and all. */
function logKoaErrors(app: Koa, log: Logger): void {
  app.on('error', (error: unknown) => log.error({ err: error }, 'an answer could not be sent'));
}

/** The library's router ignores case and a closing slash. */
const keySetPath = /^\/jwks\/?$/i;

/** What `/jwks` tells caches: a key is published for longer than this before it signs. */
const cacheKeySet: Middleware = async (ctx, next) => {
  if (!keySetPath.test(ctx.path)) return next();
  await next();
  if (ctx.status === 200) ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`);
};

/** Puts the OpenID provider together: storage, decisions, claims, and what goes around its endpoints. */
export function createOidc(options: OidcOptions): Oidc {
  const { issuer, db, redis, clock, log, registry, catalogue, remoteJwks, pages } = options;
  const states = createRequestStates();
  const store = createSqlStore({ db, clock });
  const replayGuard = createReplayGuard({ db });
  const endGrants = createEndGrants({ ...options, store });
  const roles = createRoles({ ...options, states });
  const records = createRecords();
  const grantValidity = createGrantValidity({ ...options, records, states });
  const provider = () => current;

  /** Where the application is that sent the person here: the library asks for the session before it looks for the client. */
  async function cameFrom(ctx: Context): Promise<ApplicationLink | null> {
    const named = asText(ctx.query.client_id) ?? '';
    return applicationLink(states.of(ctx).client ?? (await registry.find(named).catch(() => undefined)));
  }

  const grants = createGrants({ ...options, provider, states, roles, records });
  const signOut = createSignOut({ ...options, provider, states });
  const browserBinding = createBrowserBinding({ issuer, key: options.browserBindingKey });
  const resources = createResources({ catalogue, states });
  const dpop = createDpopCheck({ issuer, clock, replayGuard });
  const limits = createClientLimits({ ...options, states });
  const issuedTokens = createIssuedTokens(options);
  const introspection = createIntrospection({ ...options, provider, grantValidity, issuedTokens, states });
  const userContextGrant = createUserContextGrant({ ...options, resources, states, dpop, replayGuard });

  const parts: Omit<ProviderParts, 'privateJwks'> = {
    issuer,
    clock,
    adapter: createAdapter({
      durable: store,
      volatile: redis === undefined ? store : createRedisStore({ redis, clock }),
      replayGuard,
      clock,
      context: createStorageContext({ db, states, endGrants, browserBinding }),
      findClient: createFindClient({ issuer, clock, registry, remoteJwks, limits, states }),
    }),
    cookieKeys: options.cookieKeys,
    resources,
    tokenClaims: createTokenClaims({ issuer, states }),
    findAccount: createFindAccount({ ...options, grantValidity, states }),
    loadExistingGrant: grants.load,
    interactionPolicy: createPrompts({ roles, states }),
    introspection,
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
    async renderError(ctx, given, fault) {
      const out = asSignOutFault(ctx, given);
      if (!isForPeople(ctx)) ctx.body = out;
      else if (isExpired(ctx, fault)) pages.expired(ctx);
      else if (isInterrupted(ctx, fault)) pages.interrupted(ctx, await cameFrom(ctx));
      else
        pages.refused(ctx, {
          status: ctx.status,
          error: out.error,
          description: out.error_description,
          client: applicationLink(states.of(ctx).client),
        });
    },
  };

  const around: readonly Middleware[] = [
    ...options.outermost,
    createRequestCounts({ ...options, states }),
    limits.middleware,
    createFaults({ log, pages, cameFrom }),
    (ctx, next) => {
      for (const name of headersOfOtherMethods) delete ctx.req.headers[name];
      return next();
    },
    createAuthorisationEndpoint({ pages }),
    signOut.middleware,
    createCrossOrigin({ registry, states }),
    cacheKeySet,
    createIntrospectionEndpoint({ ...options, provider, introspection, states }),
    createTokenEndpoint({ ...options, store, states, endGrants }),
    // Within the token endpoint's scope: the innermost one is where a transaction begins.
    createRevocationEndpoint({ ...options, issuedTokens, states }),
  ];

  function build(privateJwks: readonly JWK[]): Provider {
    const built = createProvider({ ...parts, privateJwks });
    for (const middleware of around) built.use(middleware);
    built.registerGrantType(jwtBearerGrant, userContextGrant, jwtBearerParameters);
    built.on('grant.error', (ctx, error) => {
      const detail = 'error_detail' in error && !error.cause ? error.error_detail : undefined;
      log.info(
        { client_id: ctx.oidc.client?.clientId, error: error.message, detail },
        'token request refused',
      );
    });
    built.on('authorization.error', (_ctx, error) => options.metrics.denied(error.message));
    built.on('server_error', (_ctx, error) => log.error({ err: error }, 'request failed'));
    logKoaErrors(built, log);
    return built;
  }

  let current = build(options.privateJwks);
  let callback = current.callback();
  return {
    handle: (req, res) => callback(req, res),
    useKeys(privateJwks) {
      issuedTokens.useKeys(privateJwks);
      current = build(privateJwks);
      callback = current.callback();
    },
    interactions: createInteractions({
      ...options,
      provider,
      grants,
      endGrants,
      browserBinding,
      requests: createInteractionRequests({ ...options, provider, roles, records }),
    }),
  };
}
