import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { Redis } from 'ioredis';
import Koa from 'koa';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { createAnonymousDenials } from './audit/index.ts';
import { scopeFamily } from './catalogue/index.ts';
import { migrationStatus } from './db/index.ts';
import { demoSecret } from './demo/index.ts';
import { derive } from './keys/index.ts';
import { createOidc } from './oidc/index.ts';
import { createOutgoing, createRemoteJwks } from './outgoing/index.ts';
import { describe } from './scopes/index.ts';
import type { Services } from './services.ts';
import { createAssets } from './web/assets.ts';
import { createDoor } from './web/door.ts';
import { type CheckResult, createHealth } from './web/health.ts';
import { createLanding, type LandingModel } from './web/landing.ts';
import { createRenderer, type Renderer } from './web/render.ts';
import { createApiHeaders, createSecurityHeaders } from './web/security-headers.ts';

/** A running application, before it listens. */
export interface App {
  readonly server: Server;
  /** Stops taking requests, lets those under way finish, and closes everything but the services. */
  close(): Promise<void>;
}

/** Milliseconds; a slow or silent client is cut off (RFC 9110 has no say; 15 s is ample for a 64 kB body). */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 15_000;

/** How long requests under way may take when the process is told to stop, in milliseconds. */
const DRAIN_TIMEOUT = 10_000;

/** A node whose clock is this far from the database's issues nothing, in milliseconds (F-08 of the threat model). */
const CLOCK_SKEW = 60_000;

function connectRedis(url: string | undefined, log: Logger): Redis | undefined {
  if (url === undefined) return undefined;
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 1000,
    commandTimeout: 1000,
  });
  redis.on('error', (error) => log.warn({ err: error }, 'Redis is not reachable'));
  return redis;
}

function healthChecks(
  services: Services,
  redis: Redis | undefined,
): Record<string, () => Promise<CheckResult>> {
  const { db, target, keys, clock } = services;
  let migrated = false;
  return {
    async database() {
      const skew = Math.abs((await db.serverTime()).getTime() - clock.now().getTime());
      return skew < CLOCK_SKEW ? 'ok' : 'failed';
    },
    async migrations() {
      // Once complete they stay complete: the schema only goes forward.
      migrated ||= (await migrationStatus(target)).pending.length === 0;
      return migrated ? 'ok' : 'failed';
    },
    keys: async () => ((await keys.list()).some((key) => key.state === 'active') ? 'ok' : 'failed'),
    async redis() {
      if (redis === undefined) return 'off';
      return redis.ping().then(
        () => 'ok' as const,
        () => 'degraded' as const,
      );
    },
  };
}

function landingModel(services: Services, renderer: Renderer): () => Promise<LandingModel> {
  const { config, catalogue, registry } = services;
  const sentence = (api: Parameters<typeof scopeFamily>[0], text: string) => {
    const family = scopeFamily(api);
    const description = family && describe(family, text);
    return description === undefined ? text : renderer.scopeSentence(description);
  };
  return async () => {
    const shown = config.demo ? await Promise.all([catalogue.all(), registry.list()]) : undefined;
    const [apis, clients] = shown ?? [[], []];
    return {
      issuer: config.issuer,
      version: packageJson.version,
      demo: config.demo,
      apis: apis.map(({ id, audience, profile, scopes, ...api }) => ({
        id,
        audience,
        profile,
        scopes: scopes.map((text) => ({ text, sentence: sentence({ profile, ...api }, text) })),
      })),
      clients: clients.flatMap((client) =>
        Object.entries(client.apis).map(([api, scopes]) => ({
          clientId: client.clientId,
          organization: client.organization?.name ?? '',
          authentication: String(client.metadata.token_endpoint_auth_method),
          api,
          scopes: scopes.join(' '),
        })),
      ),
      commands: config.demo ? demoCommands(config.issuer) : [],
    };
  };
}

/** The commands that a newcomer can paste. */
export function demoCommands(issuer: string): LandingModel['commands'] {
  const token = (secret: string) =>
    `curl -s -u clinic-backend:${secret} -d grant_type=client_credentials -d scope=system/Flag.read ${issuer}/token`;
  return [
    { title: 'landing.command.token', command: token(demoSecret('clinic-backend')) },
    { title: 'landing.command.keyToken', command: 'npm run assent -- token --client clinic-jwt' },
    { title: 'landing.command.refused', command: token('wrong') },
    { title: 'landing.command.discovery', command: `curl -s ${issuer}/.well-known/openid-configuration` },
  ];
}

/** Pages for people, and health. A fault becomes a page with an incident number, never a stack trace. */
function createSite(
  services: Services,
  options: { renderer: Renderer; log: Logger; middleware: Koa.Middleware[] },
): Koa {
  const { renderer, log, middleware } = options;
  const site = new Koa();
  site.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const incident = randomUUID();
      log.error({ err: error, incident }, 'a page failed');
      ctx.status = 500;
      ctx.body = renderer.render('error.njk', { kind: 'unexpected', incident });
    }
  });
  for (const one of middleware) site.use(one);
  site.use(createLanding({ render: renderer.render, model: landingModel(services, renderer) }));
  return site;
}

const isSite = (path: string) =>
  path === '/' || path.startsWith('/?') || path.startsWith('/assets/') || path.startsWith('/health/');

/** Wires the rooms together. */
export async function createApp(services: Services, log: Logger): Promise<App> {
  const { config, db, clock, masterKey } = services;
  const redis = connectRedis(config.redisUrl, log);
  const outgoing = createOutgoing(config.outgoingAllow);
  const denials = createAnonymousDenials({
    db,
    clock,
    onError: (error) => log.warn({ err: error }, 'denials wait to be counted'),
  });
  const assets = createAssets();
  const renderer = createRenderer({ locale: 'en', assets });
  const securityHeaders = createSecurityHeaders({ issuer: config.issuer, formAction: ["'self'"] });
  const apiHeaders = createApiHeaders({ issuer: config.issuer });
  const sources = new WeakMap<IncomingMessage, string>();
  let draining = false;

  const provider = await createOidc({
    ...services,
    issuer: config.issuer,
    cookieKeys: config.cookieKeys ?? [derive(masterKey, 'cookie-keys')],
    redis,
    log,
    denials,
    remoteJwks: createRemoteJwks({ db, clock, outgoing }),
    sourceOf: (ctx) => sources.get(ctx.req) ?? 'unknown',
    async renderError(ctx, out) {
      const incident = randomUUID();
      log.info({ incident, error: out.error }, 'an OAuth request ended on an error page');
      ctx.type = 'html';
      ctx.body = renderer.render('error.njk', {
        kind: ctx.status >= 500 ? 'unexpected' : 'badRequest',
        incident,
      });
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status !== 404 || ctx.body) return;
    const html = ctx.accepts('json', 'html') === 'html';
    ctx.status = 404;
    ctx.body = html
      ? renderer.render('error.njk', { kind: 'notFound', incident: randomUUID() })
      : { error: 'not_found' };
  });
  provider.use((ctx, next) => (ctx.path === '/token' ? apiHeaders(ctx, next) : securityHeaders(ctx, next)));

  const health = createHealth({ checks: healthChecks(services, redis), draining: () => draining });
  const site = createSite(services, {
    renderer,
    log,
    middleware: [securityHeaders, health, assets.middleware],
  });
  const toSite = site.callback();
  const toProvider = provider.callback();
  const door = createDoor({ issuer: config.issuer, trustProxy: config.trustProxy });

  const listener: RequestListener = (req, res) => {
    if (draining) res.setHeader('Connection', 'close');
    if (req.url?.startsWith('/health/')) return void toSite(req, res);
    const passage = door.enter(req);
    if ('refusal' in passage) {
      denials.count(req.socket.remoteAddress ?? 'unknown', 'refused_at_the_door');
      res.writeHead(400, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        Connection: 'close',
      });
      res.end(JSON.stringify({ error: 'invalid_request', error_description: passage.refusal }));
      return;
    }
    sources.set(req, passage.source);
    if (isSite(req.url ?? '')) void toSite(req, res);
    else void toProvider(req, res);
  };

  const server = createServer({ headersTimeout: HEADERS_TIMEOUT, requestTimeout: REQUEST_TIMEOUT }, listener);
  return {
    server,
    async close() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT).unref();
      await closed;
      clearTimeout(cut);
      await denials.close().catch((error: unknown) => log.warn({ err: error }, 'counted denials were lost'));
      await outgoing.close();
      redis?.disconnect();
    },
  };
}
