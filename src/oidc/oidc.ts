import type { JWK } from 'jose';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import Provider from 'oidc-provider';
import type { Logger } from 'pino';
import { createKnownIdentities } from '../accounts/index.ts';
import { jwtBearerGrant, secretMatches, withAccountClient } from '../clients/index.ts';
import { createClientLimits } from './client/client-limits.ts';
import { createCrossOrigin } from './client/cross-origin.ts';
import { createFindClient } from './client/find-client.ts';
import { createClockGuard } from './clock-guard.ts';
import { createErrorPages } from './error-pages.ts';
import { createFaults } from './faults.ts';
import { createEndGrants } from './grants/end-grants.ts';
import { createGrantValidity } from './grants/grant-validity.ts';
import { createGrants } from './grants/grants.ts';
import { createNarrowGrants } from './grants/narrow-grants.ts';
import { createTellEnded } from './grants/tell-ended.ts';
import { createWithdrawals } from './grants/withdrawals.ts';
import { createIntrospection } from './issued/introspection.ts';
import { createIntrospectionEndpoint } from './issued/introspection-endpoint.ts';
import { createIssuedTokens } from './issued/issued-tokens.ts';
import { createRevocationEndpoint } from './issued/revocation-endpoint.ts';
import { createUseReports } from './issued/use-reports.ts';
import { cacheKeySet } from './key-set.ts';
import type { Oidc, OidcOptions } from './options.ts';
import { createFindAccount } from './person/account.ts';
import { createAuthorisationEndpoint } from './person/authorisation-endpoint.ts';
import { createBrowser } from './person/browser.ts';
import { createBrowserBinding } from './person/browser-binding.ts';
import { createEndSession } from './person/end-session.ts';
import { createIdentityClaims } from './person/identity-claims.ts';
import { createInteractionRequests } from './person/interaction-request.ts';
import { createInteractions } from './person/interactions.ts';
import { createLogoutSender } from './person/logout-sender.ts';
import { createMoreTime } from './person/more-time.ts';
import { ofOneRequest } from './person/of-one-request.ts';
import { createPrompts } from './person/prompts.ts';
import { createSessionLife } from './person/session-life.ts';
import { createSessions } from './person/sessions.ts';
import { createSignOut } from './person/sign-out.ts';
import { createProvider, type ProviderParts } from './provider.ts';
import { createRecords } from './record-choice.ts';
import { createRequestCounts } from './request-counts.ts';
import { createRequestStates, type RequestState } from './request-state.ts';
import { createResources } from './resources.ts';
import { createRoles } from './role-choice.ts';
import { createAdapter, createRedisStore, createReplayGuard, createSqlStore } from './storage/index.ts';
import { createStorageContext } from './storage-context.ts';
import { createDpopCheck } from './token/dpop.ts';
import { createOpaqueClaims } from './token/opaque-claims.ts';
import { createTokenClaims } from './token/token-claims.ts';
import { createTokenEndpoint } from './token/token-endpoint.ts';
import { createUserContextGrant, jwtBearerParameters } from './token/user-context-grant.ts';

/** Headers of methods that are off: the library would look at them all the same, before it authenticates. */
const headersOfOtherMethods = ['oauth-client-attestation', 'oauth-client-attestation-pop'];

/** Koa would write what it cannot answer to the standard error, stack and all. */
function logKoaErrors(app: Koa, log: Logger): void {
  app.on('error', (error: unknown) => log.error({ err: error }, 'an answer could not be sent'));
}

/** Puts the OpenID provider together: storage, decisions, claims, and what goes around its endpoints. */
export function createOidc(given: OidcOptions): Oidc {
  const registry = withAccountClient(given.registry, given.issuer);
  const options = { ...given, registry };
  const { issuer, db, redis, clock, log, catalogue, remoteJwks, pages } = options;
  const states = createRequestStates();
  const store = createSqlStore({ db, clock });
  const replayGuard = createReplayGuard({ db });
  const volatile = redis === undefined ? store : createRedisStore({ redis, clock });
  const endGrants = createEndGrants({ ...options, store });
  const endSession = createEndSession(options);
  const tellEnded = createTellEnded(options);
  const sessions = createSessions({ ...options, volatile, endGrants, endSession, tellEnded });
  const roles = createRoles({ ...options, states });
  const records = createRecords();
  const grantValidity = createGrantValidity({ ...options, records, states });
  const provider = () => current;

  const narrowGrants = createNarrowGrants({ ...options, provider, store });
  const grants = createGrants({ ...options, provider, states, roles, records });
  const sessionLife = createSessionLife({ clock, volatile });
  const moreTime = createMoreTime({ ...options, provider, sessionLife });
  const errorPages = createErrorPages({ ...options, states });
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
      volatile,
      replayGuard,
      clock,
      context: createStorageContext({ ...options, states, endGrants, browserBinding, endSession }),
      findClient: createFindClient({ issuer, clock, registry, remoteJwks, limits, states }),
    }),
    cookieKeys: options.cookieKeys,
    languages: options.languages.tags,
    resources,
    tokenClaims: createTokenClaims({ issuer, states }),
    opaqueClaims: createOpaqueClaims(states),
    findAccount: createFindAccount({
      ...options,
      grantValidity,
      states,
      isOver: sessions.isOver,
      identityClaims: createIdentityClaims({ ...options, knownIdentity: createKnownIdentities(options) }),
    }),
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
    renderError: errorPages.render,
  };

  const around: readonly Middleware[] = [
    ...options.outermost,
    createRequestCounts({ ...options, states }),
    limits.middleware,
    createFaults({ log, pages, applicationOf: errorPages.applicationOf }),
    (ctx, next) => {
      for (const name of headersOfOtherMethods) delete ctx.req.headers[name];
      return next();
    },
    createClockGuard(options),
    createAuthorisationEndpoint({ pages }),
    signOut.middleware,
    createCrossOrigin({ registry, states }),
    cacheKeySet,
    createIntrospectionEndpoint({
      ...options,
      provider,
      introspection,
      states,
      useReports: createUseReports({ ...options, states }),
    }),
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

  const browser = createBrowser({ ...options, provider, isOver: sessions.isOver, sessionLife });
  const interactions = createInteractions({
    ...options,
    provider,
    endGrants,
    browserBinding,
    moreTime,
    requests: createInteractionRequests({
      ...options,
      provider,
      roles,
      records,
      moreTime,
      isOver: sessions.isOver,
    }),
  });

  let current = build(options.privateJwks);
  let callback = current.callback();
  return {
    handle: (req, res) => callback(req, res),
    useKeys(privateJwks) {
      issuedTokens.useKeys(privateJwks);
      current = build(privateJwks);
      callback = current.callback();
    },
    ...ofOneRequest(states, { browser, interactions }),
    sessions,
    sendLogoutNotices: createLogoutSender({ ...options, provider }),
    withdrawals: createWithdrawals({
      ...options,
      endGrants,
      narrowGrants,
      tellEnded,
      sidsOf: sessions.sidsOf,
    }),
  };
}
