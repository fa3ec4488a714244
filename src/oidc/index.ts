import type { Redis } from 'ioredis';
import type Koa from 'koa';
import type { Context, Middleware } from 'koa';
import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import type { Accounts } from '../accounts/index.ts';
import type { AnonymousDenials, Audit } from '../audit/index.ts';
import type { Api, Catalogue } from '../catalogue/index.ts';
import { type ClientRegistry, secretMatches } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import type { Consents, Questions } from '../consents/index.ts';
import type { Database } from '../db/index.ts';
import type { SigningKeys } from '../keys/index.ts';
import type { RemoteJwks } from '../outgoing/index.ts';
import { createFindAccount } from './account.ts';
import { createAuthorisationEndpoint } from './authorisation-endpoint.ts';
import { createAuthority } from './authority.ts';
import { createCrossOrigin } from './cross-origin.ts';
import { createExchange } from './exchange.ts';
import { createFamilies } from './families.ts';
import { createFaults, isForPeople } from './faults.ts';
import { createFindClient } from './find-client.ts';
import { createGrants } from './grants.ts';
import { createIntrospection } from './introspection.ts';
import { createProvider } from './provider.ts';
import { createQuestions } from './questions.ts';
import { createRequestStates, type RequestState } from './request-state.ts';
import { createResources } from './resources.ts';
import { createSignOut, type SignOutPages, type WayBack, wayBack } from './sign-out.ts';
import { createAdapter, createRedisStore, createReplayGuard, createSqlStore } from './storage/index.ts';
import { createTokenClaims } from './token-claims.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import { createWayBackTie } from './way-back.ts';

export { smartConfiguration } from './smart-configuration.ts';

/** What the OAuth side of Assent needs from the rest. */
export interface OidcOptions {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  /** Secret, the same on all nodes. */
  readonly wayBackKey: string;
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
  readonly audit: Audit;
  readonly denials: AnonymousDenials;
  readonly remoteJwks: RemoteJwks;
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
  readonly client: WayBack | null;
}

/** The pages of the OAuth side. Each sets the body of the answer. */
export interface OidcPages extends SignOutPages {
  refused(ctx: Context, request: RefusedRequest): void;
  /** A page that took too long, was finished before, or began in another browser: nobody's mistake. */
  expired(ctx: Context): void;
}

/** Headers of methods that are off: the library would look at them all the same, before it authenticates. */
const headersOfOtherMethods = ['oauth-client-attestation', 'oauth-client-attestation-pop', 'dpop'];

/** The OpenID provider, and what the pages ask it. */
export interface Oidc {
  readonly provider: Provider;
  readonly questions: Questions;
}

/** Whether something took too long, was finished before, or began in another browser; a sign-out that was, too. */
const isExpired = (ctx: KoaContextWithOIDC, fault: unknown) =>
  fault instanceof errors.SessionNotFound ||
  (ctx.oidc.route === 'end_session_confirm' && fault instanceof errors.InvalidRequest);

/** Koa would write what it cannot answer to the standard error, stack and all. */
function logKoaErrors(app: Koa, log: Logger): void {
  app.on('error', (error: unknown) => log.error({ err: error }, 'an answer could not be sent'));
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
  const signOut = createSignOut({ ...options, provider: () => provider, states });
  const wayBackTie = createWayBackTie({ issuer, key: options.wayBackKey });

  const adapter = createAdapter({
    durable: store,
    volatile: redis === undefined ? store : createRedisStore({ redis, clock }),
    replayGuard: createReplayGuard({ db }),
    clock,
    exchange: createExchange({ db, states, families, wayBackTie }),
    findClient: createFindClient({ issuer, clock, registry, remoteJwks, states }),
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
    introspection: createIntrospection({ catalogue, registry, accounts, authority, states }),
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
    async renderError(ctx, out, fault) {
      if (!isForPeople(ctx)) ctx.body = out;
      else if (isExpired(ctx, fault)) pages.expired(ctx);
      else
        pages.refused(ctx, {
          status: ctx.status,
          error: out.error,
          description: out.error_description,
          client: wayBack(states.of(ctx).client),
        });
    },
  });

  for (const middleware of options.outermost) provider.use(middleware);
  provider.use(createFaults({ log, show: pages.refused }));
  provider.use((ctx, next) => {
    for (const name of headersOfOtherMethods) delete ctx.req.headers[name];
    return next();
  });
  provider.use(createAuthorisationEndpoint({ pages }));
  provider.use(signOut.middleware);
  provider.use(createCrossOrigin({ registry, states }));
  provider.use(createTokenEndpoint({ ...options, store, states, families }));
  provider.on('grant.error', (ctx, error) => {
    const detail = 'error_detail' in error && !error.cause ? error.error_detail : undefined;
    log.info({ client_id: ctx.oidc.client?.clientId, error: error.message, detail }, 'token request refused');
  });
  provider.on('server_error', (_ctx, error) => log.error({ err: error }, 'request failed'));
  logKoaErrors(provider, log);
  return { provider, questions: createQuestions({ ...options, provider, grants, families, wayBackTie }) };
}
