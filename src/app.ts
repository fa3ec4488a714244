import type { IncomingMessage, Server } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { groupOf, isForPrograms } from './addresses/index.ts';
import { createAnonymousDenials } from './audit/index.ts';
import { type Background, startBackground } from './background.ts';
import { type Api, scopeFamily } from './catalogue/index.ts';
import { isIdentityScope, isUsableKey, MOST_KEYS } from './clients/index.ts';
import { CLOCK_SKEW } from './clock.ts';
import { createDemoFhir, createKete, demoDate, demoFhirBase, demoSecret } from './demo/index.ts';
import { isUnavailable } from './errors.ts';
import { createKeyWatch, derive, type KeyWatch, POLL } from './keys/index.ts';
import { createLimitStore, createLoadLimits, createSignInGuard, KNOWN_FOR } from './limits/index.ts';
import { createOidc, smartConfiguration } from './oidc/index.ts';
import { createOutgoing, createRemoteJwks } from './outgoing/index.ts';
import { connectRedis, createMessages } from './redis.ts';
import { createDenyList, createRevocations } from './revocations/index.ts';
import { describe } from './scopes/index.ts';
import type { Services } from './services.ts';
import { createMetrics, createMetricsEndpoint, createRequestWatch, type Metrics } from './telemetry/index.ts';
import { createAssets } from './web/assets.ts';
import { callerOf, createDoor } from './web/door.ts';
import { createEntrance } from './web/entrance.ts';
import { createForms } from './web/forms.ts';
import { createHealth } from './web/health.ts';
import { createHealthChecks } from './web/health-checks.ts';
import { createLanding } from './web/landing.ts';
import { createLandingModel } from './web/landing-model.ts';
import { createOauthPages } from './web/oauth-pages.ts';
import { createShowFault, type ShowFault } from './web/page-faults.ts';
import { createRenderer, type Renderer } from './web/render.ts';
import { createApiHeaders, createSecurityHeaders } from './web/security-headers.ts';
import { createHttpServer, drain } from './web/server.ts';
import { createKnownCookie } from './web/sign-in/known-cookie.ts';
import { createSignIn } from './web/sign-in/routes.ts';
import { createSmartConfiguration } from './web/smart-configuration.ts';

/** A running application, before it listens. */
export interface App {
  readonly server: Server;
  readonly metrics: Metrics;
  /** Follows the signing keys from now on: a rotation takes effect without a restart. */
  watchKeys(): KeyWatch;
  /** Begins what a node does beside answering: the audit is sealed, and what has expired is cleared away. */
  startBackground(): Background;
  /** Tells load balancers that this node is going away: not ready any more, and every answer ends its connection. */
  announceStop(): void;
  /** Stops taking requests, lets those under way finish, and closes everything but the services. */
  close(): Promise<void>;
}

/** Pages for people, and health. A fault becomes a page with an incident number, never a stack trace. */
function createSite(showFault: ShowFault, log: Logger, middleware: readonly Koa.Middleware[]): Koa {
  const site = new Koa();
  // Koa would write what it cannot answer to the standard error, stack and all. Whoever hangs up causes it.
  site.on('error', (error) => log.info({ err: error }, 'an answer could not be sent'));
  site.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) showFault(ctx, { kind: 'notFound' });
    } catch (error) {
      const passing = isUnavailable(error);
      showFault(ctx, { kind: passing ? 'unavailable' : 'unexpected', cause: error });
    }
  });
  for (const one of middleware) site.use(one);
  return site;
}

/** What goes around every answer of the provider: headers, and a readable page for an address that does not exist. */
function createOutermost(options: {
  issuer: string;
  showFault: ShowFault;
  pageHeaders: Koa.Middleware;
}): readonly Koa.Middleware[] {
  const { issuer, showFault, pageHeaders } = options;
  const apiHeaders = createApiHeaders({ issuer });
  return [
    (ctx, next) => (isForPrograms(ctx.path) ? apiHeaders(ctx, next) : pageHeaders(ctx, next)),
    async (ctx, next) => {
      await next();
      if (ctx.status !== 404 || ctx.body) return;
      if (!isForPrograms(ctx.path) && ctx.accepts('json', 'html') === 'html')
        showFault(ctx, { kind: 'notFound' });
      else {
        ctx.status = 404;
        ctx.set('Cache-Control', 'no-store');
        ctx.body = { error: 'not_found' };
      }
    },
  ];
}

/** The demo application and its FHIR server; both know Assent by its addresses only. */
function createDemo(services: Services, { render }: Renderer, log: Logger): readonly Koa.Middleware[] {
  const { config, clock, db } = services;
  const { issuer, demo, timeZone } = config;
  if (!demo) return [];
  const client = (clientId: string) => ({ clientId, clientSecret: demoSecret(clientId) });
  const base = demoFhirBase(issuer);
  const today = async () => (await demoDate(db, timeZone)) ?? '';
  const introspectionEndpoint = `${issuer}/token/introspection`;
  return [
    createDemoFhir({ base, introspectionEndpoint, ...client('demo-fhir-server'), today, log }),
    createKete({ issuer, fhirBase: base, ...client('kete-web'), render, clock, log }),
  ];
}

/** Wires the rooms together. */
export async function createApp(services: Services, log: Logger): Promise<App> {
  const { config, db, clock, masterKey, correlation } = services;
  const { issuer } = config;
  const redis = await connectRedis(config.redisUrl, log);
  const messages = createMessages({ redis, log });
  const outgoing = createOutgoing(config.outgoingAllow);
  const onError = (error: unknown) => log.warn({ err: error }, 'denials wait to be counted');
  const metrics = createMetrics({
    readings: {
      pool: db.load,
      passwordQueue: services.passwords.waiting,
      revocations: () => denyList.size(),
      revocationsAge: () => denyList.age() / 1000,
      auditLag: async () => background?.auditLag() ?? Number.NaN,
      rowsWaiting: async () => background?.rowsWaiting() ?? {},
    },
  });
  const watch = createRequestWatch({ correlation, metrics, log });
  const metricsEndpoint = createMetricsEndpoint({
    metrics,
    token: config.metricsPort === undefined ? config.metricsToken : undefined,
    open: false,
  });
  const denials = createAnonymousDenials({ db, clock, onError });
  const assets = createAssets();
  const renderer = createRenderer({ locale: 'en', assets });
  const pageHeaders = createSecurityHeaders({ issuer, formAction: ["'self'"] });
  const cookieKeys = config.cookieKeys ?? [derive(masterKey, 'cookie-keys')];
  const load = createLoadLimits({ numbers: config.rateLimits, clock });
  /** Requests for pages of which more came than the limit allows, with the seconds to wait. */
  const waits = new WeakMap<IncomingMessage, number>();
  let draining = false;
  let background: Background | undefined;

  const showFault = createShowFault({ renderer, log });
  const forms = createForms({ issuer, key: derive(masterKey, 'form-tokens') });
  const sourceOf = (ctx: { readonly req: IncomingMessage }) => callerOf(ctx.req);
  const privateJwks = await services.keys.privateJwks();
  const revocations = createRevocations({ db, clock });
  const denyList = createDenyList({
    revocations,
    clock,
    onError: (error) =>
      log.warn({ err: error }, 'what was taken back cannot be read: each token is looked up'),
  });
  await denyList.poll();
  messages.on('revocations', () => void denyList.poll());
  const oidc = createOidc({
    ...services,
    issuer,
    privateJwks,
    cookieKeys,
    browserBindingKey: derive(masterKey, 'way-back'),
    redis,
    log,
    denials,
    metrics,
    remoteJwks: createRemoteJwks({ db, clock, outgoing, isUsable: isUsableKey, mostKeys: MOST_KEYS }),
    load,
    // The demo's time may be moved.
    isOnTime: () => config.demo || denyList.skew() < CLOCK_SKEW,
    revocations,
    denyList,
    onRevoked: () => void messages.publish('revocations'),
    sourceOf,
    outermost: createOutermost({ issuer, showFault, pageHeaders }),
    isOwnForm: forms.isOwn,
    pages: createOauthPages({ renderer, showFault }),
    words(api: Api | undefined, scope) {
      // Who it is, and for how long, is asked in the same words at every API.
      const family = api === undefined || isIdentityScope(scope) ? 'smart' : scopeFamily(api);
      const description = describe(family, scope);
      return description === undefined ? scope : renderer.scopeSentence(description);
    },
  });

  const health = createHealth({
    checks: createHealthChecks({ ...services, redis }),
    draining: () => draining,
  });
  const model = createLandingModel({
    ...services,
    issuer,
    version: packageJson.version,
    demo: config.demo,
    scopeSentence: renderer.scopeSentence,
  });
  const landing = createLanding({ render: renderer.render, model });
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: config.timeZone });
  const signIn = createSignIn({
    interactions: oidc.interactions,
    signIn: services.accounts.signIn,
    forms,
    render: renderer.render,
    showFault,
    formatDay: (at) => day.format(at),
    onRefused(source, error) {
      denials.count(source, error);
      metrics.denied(error);
    },
    guard: createSignInGuard({
      store: createLimitStore({ redis, db }),
      clock,
      issuer,
      key: derive(masterKey, 'sign-in-limits'),
      onLimited: ({ source, wait }) =>
        services.audit.record({ type: 'person.sign-in-limited', source, detail: { wait } }),
    }),
    knownCookie: createKnownCookie({ issuer, maxAge: KNOWN_FOR }),
    sourceOf,
  });
  const site = createSite(showFault, log, [
    pageHeaders,
    health,
    async (ctx, next) => {
      const retryAfter = waits.get(ctx.req);
      if (retryAfter === undefined) return next();
      showFault(ctx, { kind: 'tooMany', retryAfter });
    },
    assets.middleware,
    landing,
    createSmartConfiguration({
      issuer,
      catalogue: services.catalogue,
      document: (api) => smartConfiguration(issuer, api),
    }),
    signIn,
    ...createDemo(services, renderer, log),
  ]);
  const toSite = site.callback();

  const entrance = createEntrance({
    door: createDoor({ issuer, trustProxy: config.trustProxy }),
    rooms: {
      health: (req, res) => void toSite(req, res),
      metrics: metricsEndpoint,
      site(req, res, wait) {
        if (wait !== undefined) waits.set(req, wait);
        void toSite(req, res);
      },
      provider: (req, res) => void oidc.handle(req, res),
    },
    async limit(source, path) {
      const group = groupOf(path);
      return group && load.request(source, group);
    },
    onFault: (error) => log.error({ err: error }, 'a request failed at the entrance'),
    onLimited: () => metrics.denied('too_many_requests'),
    onRefused(peer) {
      denials.count(peer, 'refused_at_the_door');
      metrics.denied('refused_at_the_door');
    },
    draining: () => draining,
  });

  const server = createHttpServer({ listener: watch(entrance), maxConnections: config.maxConnections });
  let keyWatch: KeyWatch | undefined;
  return {
    server,
    metrics,
    watchKeys() {
      keyWatch ??= createKeyWatch({
        keys: services.keys,
        inUse: privateJwks,
        every: POLL,
        onChange(jwks) {
          oidc.useKeys(jwks);
          log.info({ keys: jwks.map(({ kid }) => kid) }, 'the signing keys have changed');
        },
        onError: (error) => log.warn({ err: error }, 'the signing keys cannot be read: those in use stay'),
      });
      return keyWatch;
    },
    startBackground() {
      background ??= startBackground(services, log);
      return background;
    },
    announceStop() {
      draining = true;
    },
    async close() {
      draining = true;
      await drain(server);
      metrics.close();
      await denials.close().catch((error: unknown) => log.warn({ err: error }, 'counted denials were lost'));
      messages.close();
      await keyWatch?.close();
      await background?.close();
      await denyList.close();
      await outgoing.close();
      redis?.disconnect();
    },
  };
}
