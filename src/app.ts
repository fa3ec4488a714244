import type { IncomingMessage, Server } from 'node:http';
import type { Logger } from 'pino';
import packageJson from '../package.json' with { type: 'json' };
import { createPeople, createVouchedAccounts } from './accounts/index.ts';
import { groupOf } from './addresses/index.ts';
import { createAnonymousDenials } from './audit/index.ts';
import { type Background, startBackground } from './background.ts';
import { isUsableKey, MOST_KEYS } from './clients/index.ts';
import { CLOCK_SKEW } from './clock.ts';
import { createDemoApps } from './demo/index.ts';
import { createKeyWatch, derive, type KeyWatch, POLL } from './keys/index.ts';
import { createLimitStore, createLoadLimits, createSignInGuard } from './limits/index.ts';
import type { Mail } from './mail/index.ts';
import { createOidc, type Oidc, smartConfiguration } from './oidc/index.ts';
import { createOutgoing, createRemoteJwks } from './outgoing/index.ts';
import { connectRedis, createMessages } from './redis.ts';
import { createDenyList, createRevocations } from './revocations/index.ts';
import type { Services } from './services.ts';
import { createMetrics, createMetricsEndpoint, createRequestWatch, type Metrics } from './telemetry/index.ts';
import { createArrivals, createLinks, createUpstream } from './upstream/index.ts';
import {
  callerOf,
  createDoor,
  createEntrance,
  createHttpServer,
  createKinds,
  createOauthPages,
  createOutermost,
  createPages,
  createSite,
  createWords,
  drain,
  type Locale,
} from './web/index.ts';

/** A running application, before it listens. */
export interface App {
  readonly server: Server;
  readonly metrics: Metrics;
  /** What can be asked of the OAuth side without a browser. */
  readonly oidc: Pick<Oidc, 'sessions' | 'sendLogoutNotices'>;
  /** Follows the signing keys from now on: a rotation takes effect without a restart. */
  watchKeys(): KeyWatch;
  /** Begins what a node does beside answering: the audit is sealed, and what has expired is cleared away. */
  startBackground(): Background;
  /** Tells load balancers that this node is going away: not ready any more, and every answer ends its connection. */
  announceStop(): void;
  /** Stops taking requests, lets those under way finish, and closes everything but the services. */
  close(): Promise<void>;
}

/**
 * Wires the rooms together: what they share, then the provider, our own pages, and the entrance to both.
 *
 * @param extras `locales`: other languages than those in `locales/`, for tests
 */
export async function createApp(
  services: Services,
  log: Logger,
  { locales }: { locales?: readonly Locale[] } = {},
): Promise<App> {
  const { config, db, clock, masterKey, keys, audit } = services;
  const { issuer, demo, timeZone } = config;
  const warn = (message: string) => (error: unknown) => log.warn({ err: error }, message);
  let draining = false;
  let background: Background | undefined;
  let keyWatch: KeyWatch | undefined;

  const redis = await connectRedis(config.redisUrl, log);
  const messages = createMessages({ redis, log });
  const outgoing = createOutgoing(config.outgoingAllow);
  const denials = createAnonymousDenials({ db, clock, onError: warn('denials wait to be counted') });
  const load = createLoadLimits({ numbers: config.rateLimits, clock });
  const sourceOf = (ctx: { readonly req: IncomingMessage }) => callerOf(ctx.req);
  const privateJwks = await keys.privateJwks();

  const revocations = createRevocations({ db, clock });
  const denyList = createDenyList({
    revocations,
    clock,
    onError: warn('what was taken back cannot be read: each token is looked up'),
  });
  await denyList.poll();
  messages.on('revocations', () => void denyList.poll());

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

  // The demo's time may be moved.
  const isOnTime = () => demo || denyList.skew() < CLOCK_SKEW;

  const pages = createPages({ issuer, formKey: derive(masterKey, 'form-tokens'), timeZone, log, locales });
  const words = createWords(pages.renderers);

  const oidc = createOidc({
    ...services,
    issuer,
    privateJwks,
    cookieKeys: config.cookieKeys ?? [derive(masterKey, 'cookie-keys')],
    browserBindingKey: derive(masterKey, 'way-back'),
    redis,
    log,
    denials,
    metrics,
    remoteJwks: createRemoteJwks({ db, clock, outgoing, isUsable: isUsableKey, mostKeys: MOST_KEYS }),
    load,
    isOnTime,
    revocations,
    denyList,
    outgoing,
    onRevoked: () => void messages.publish('revocations'),
    sourceOf,
    outermost: createOutermost({ issuer, pages }),
    isOwnForm: pages.forms.isOwn,
    pages: createOauthPages(pages),
    words,
    kinds: createKinds(pages.renderers),
    languages: pages.languages,
  });

  const limitStore = createLimitStore({ redis, db, clock });
  const guard = createSignInGuard({
    store: limitStore,
    clock,
    issuer,
    key: derive(masterKey, 'sign-in-limits'),
    onLimited: ({ source, wait }) =>
      audit.record({ type: 'person.sign-in-limited', source, detail: { wait } }),
  });

  const links = createLinks({ ...services, notify: services.people.notices.credentialChanged });
  const upstream = createUpstream({
    ...services,
    links,
    seal: services.sourceSeal,
    issuer,
    outgoing,
    onFault: (source, { kind, code }, reason) =>
      log.info({ source, kind, error: code, reason }, 'a sign-in elsewhere came to nothing'),
  });

  const arrivals = createArrivals({ ...services, links, vouched: createVouchedAccounts(services) });
  // Its tries are apart from those at passwords: whoever asks for mail in somebody's name does not keep her from signing in.
  const mailGuard = createSignInGuard({
    store: limitStore,
    clock,
    issuer,
    key: derive(masterKey, 'mail-limits'),
    onLimited: ({ source, wait }) =>
      audit.record({ type: 'person.sign-in-limited', source, detail: { wait, at: 'mail' } }),
  });

  // Here sessions can be reached wherever they are kept, and applications are told.
  const people = createPeople({
    ...services,
    ...{ issuer, timeZone, notices: services.people.notices },
    async endEverything(accountId, { source = '' }) {
      await oidc.sessions.signOutEverywhere(accountId, { grants: 'all', source });
    },
  });

  // Where there is a mail server, nobody else is to read what it is going to send.
  const newestMail: Mail['newest'] = config.mail === undefined ? services.mail.newest : async () => [];

  const site = createSite({
    ...services,
    ...{ pages, words, log, issuer, demo },
    version: packageJson.version,
    health: { ...services, redis, draining: () => draining },
    signIn: {
      interactions: oidc.interactions,
      signIn: services.accounts.signIn,
      accounts: services.accounts,
      credentials: services.credentials,
      clock,
      onNewBrowser: services.people.notices.newSignIn,
      stepKey: derive(masterKey, 'sign-in-steps'),
      guard,
      onRefused(source, error) {
        denials.count(source, error);
        metrics.denied(error);
      },
      sourceOf,
      isOnTime,
    },
    sources: {
      upstream,
      arrivals,
      findAccount: services.accounts.find,
      onTurnedAway: (source, { code }) =>
        log.info({ source, error: code }, 'somebody who signed in elsewhere was not let in'),
    },
    account: {
      elsewhere: { upstream, arrivals, links },
      people,
      mailGuard,
      browser: oidc.browser,
      clock,
      consents: services.consents,
      withdrawals: oidc.withdrawals,
      activity: services.activity,
      mail: services.mail,
      ownAccount: services.ownAccount,
      practitioners: services.practitioners,
      links,
      wayInKey: derive(masterKey, 'account-way-in'),
      bestAcr: services.accounts.bestAcr,
      credentials: services.credentials,
      guard,
      sourceOf,
      sessions: oidc.sessions,
    },
    smartConfiguration: (api) => smartConfiguration(issuer, api),
    further: demo ? createDemoApps({ ...pages, ...{ issuer, db, timeZone, clock, log, newestMail } }) : [],
  });

  const entrance = createEntrance({
    door: createDoor({ issuer, trustProxy: config.trustProxy }),
    rooms: {
      metrics: createMetricsEndpoint({
        metrics,
        token: config.metricsPort === undefined ? config.metricsToken : undefined,
        open: false,
      }),
      site,
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

  const watch = createRequestWatch({ correlation: services.correlation, metrics, log });
  const server = createHttpServer({ listener: watch(entrance), maxConnections: config.maxConnections });

  return {
    server,
    metrics,
    oidc,
    watchKeys() {
      keyWatch ??= createKeyWatch({
        keys,
        inUse: privateJwks,
        every: POLL,
        onChange(jwks) {
          oidc.useKeys(jwks);
          log.info({ keys: jwks.map(({ kid }) => kid) }, 'the signing keys have changed');
        },
        onError: warn('the signing keys cannot be read: those in use stay'),
      });
      return keyWatch;
    },
    startBackground() {
      background ??= startBackground(services, { log, sendLogoutNotices: oidc.sendLogoutNotices });
      return background;
    },
    announceStop() {
      draining = true;
    },
    async close() {
      draining = true;
      await drain(server);
      metrics.close();
      await denials.close().catch(warn('counted denials were lost'));
      messages.close();
      await keyWatch?.close();
      await background?.close();
      await denyList.close();
      await outgoing.close();
      redis?.disconnect();
    },
  };
}
