import type { IncomingMessage } from 'node:http';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { Api, Catalogue } from '../catalogue/index.ts';
import type { ClientRegistry } from '../clients/index.ts';
import { isUnavailable } from '../errors.ts';
import { KNOWN_FOR } from '../limits/index.ts';
import { type AccountDependencies, createAccountPages } from './account/account-pages.ts';
import type { Rooms } from './entrance.ts';
import { createHealth, type HealthOptions } from './health.ts';
import { createJoining } from './joining/joining-pages.ts';
import { createLanding, createLandingModel } from './landing.ts';
import type { ShowFault } from './page-faults.ts';
import type { Pages } from './pages.ts';
import type { Words } from './scope-words.ts';
import { createKnownCookie } from './sign-in/known-cookie.ts';
import { createNewBrowser } from './sign-in/new-browser.ts';
import { createSignIn, type SignInDependencies } from './sign-in/routes.ts';
import { createSourceCallback } from './sign-in/source-callback.ts';
import { createSourcePages } from './sign-in/source-pages.ts';
import { createSourceSteps, type SourceStepsOptions } from './sign-in/source-steps.ts';
import { createStepCookie } from './sign-in/step-cookie.ts';
import { createSmartConfiguration } from './smart-configuration.ts';

/** What our own pages need of the rest. */
export interface SiteOptions {
  readonly pages: Pages;
  readonly words: Words;
  readonly log: Logger;
  readonly issuer: string;
  readonly version: string;
  readonly demo: boolean;
  readonly catalogue: Catalogue;
  readonly registry: Pick<ClientRegistry, 'find' | 'list'>;
  readonly health: HealthOptions;
  readonly signIn: Pick<
    SignInDependencies,
    | 'interactions'
    | 'signIn'
    | 'accounts'
    | 'credentials'
    | 'guard'
    | 'clock'
    | 'onRefused'
    | 'sourceOf'
    | 'isOnTime'
  > & {
    /** Secret, the same on all nodes. */
    readonly stepKey: string;
    /** Tells somebody that she, or somebody, signed in in a browser that was not known for her account. */
    readonly onNewBrowser: Parameters<typeof createNewBrowser>[0]['tell'];
  };
  readonly sources: Pick<SourceStepsOptions, 'upstream' | 'arrivals' | 'findAccount' | 'onTurnedAway'>;
  readonly account: AccountDependencies;
  /** The SMART configuration of an API. */
  readonly smartConfiguration: (api: Api) => object;
  /** What answers after our own pages. */
  readonly further: readonly Koa.Middleware[];
}

/** A fault becomes a page with an incident number, never a stack trace. */
function createKoa(showFault: ShowFault, log: Logger): Koa {
  const app = new Koa();
  // Koa would write what it cannot answer to the standard error, stack and all. Whoever hangs up causes it.
  app.on('error', (error) => log.info({ err: error }, 'an answer could not be sent'));
  app.use(async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) showFault(ctx, { kind: 'notFound' });
    } catch (error) {
      const passing = isUnavailable(error);
      showFault(ctx, { kind: passing ? 'unavailable' : 'unexpected', cause: error });
    }
  });
  return app;
}

/** The browsers in which people signed in before. */
function createKnown({ issuer, signIn }: SiteOptions) {
  const knownCookie = createKnownCookie({ issuer, maxAge: KNOWN_FOR });
  const { guard, onNewBrowser: tell } = signIn;
  return { knownCookie, newBrowser: createNewBrowser({ guard, knownCookie, tell }) };
}

function createSignInPages(options: SiteOptions): Koa.Middleware {
  const { issuer, signIn, sources, pages } = options;
  return createSignIn({
    ...signIn,
    ...createKnown(options),
    offered: sources.upstream.offered,
    forms: pages.forms,
    render: pages.render,
    showFault: pages.showFault,
    formatDay: (ctx, at) => pages.renderers.of(ctx).dates.day(at),
    stepCookie: createStepCookie({ issuer, key: signIn.stepKey, clock: signIn.clock }),
  });
}

/** The way to other OpenID providers and back. */
function createSourceSite(options: SiteOptions): readonly Koa.Middleware[] {
  const { issuer, pages, signIn, sources } = options;
  const { newBrowser } = createKnown(options);
  const { forms, showFault, render } = pages;
  const sourcePages = createSourcePages({ issuer, render });
  return [
    createSourceCallback({ ...sources, pages: sourcePages, showFault }),
    createSourceSteps({ ...signIn, ...sources, newBrowser, pages: sourcePages, forms, showFault }),
  ];
}

function createAccountSite(options: SiteOptions): Koa.Middleware {
  const { account, pages } = options;
  return createAccountPages({
    ...options,
    ...account,
    forms: pages.forms,
    showFault: pages.showFault,
    render: pages.render,
    languageOf: pages.languageOf,
    languages: pages.languages,
    rendererOf: pages.renderers.of,
  });
}

/** Puts our own pages together, and health. */
export function createSite(options: SiteOptions): Rooms['site'] {
  const { pages, log, issuer, catalogue, smartConfiguration } = options;
  /** Requests for pages of which more came than the limit allows, with the seconds to wait. */
  const waits = new WeakMap<IncomingMessage, number>();
  const tooMany: Koa.Middleware = async (ctx, next) => {
    const retryAfter = waits.get(ctx.req);
    if (retryAfter === undefined) return next();
    pages.showFault(ctx, { kind: 'tooMany', retryAfter });
  };

  const app = createKoa(pages.showFault, log);
  for (const middleware of [
    pages.headers,
    createHealth(options.health),
    tooMany,
    pages.assets.middleware,
    createLanding({ ...pages, model: createLandingModel(options) }),
    createSmartConfiguration({ issuer, catalogue, document: smartConfiguration }),
    ...createSourceSite(options),
    createSignInPages(options),
    createJoining({ ...pages, ...options.account }),
    createAccountSite(options),
    ...options.further,
  ])
    app.use(middleware);

  const handle = app.callback();
  return (req, res, wait) => {
    if (wait !== undefined) waits.set(req, wait);
    void handle(req, res);
  };
}
