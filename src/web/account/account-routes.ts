import { Router, type RouterMiddleware } from '@koa/router';
import type Koa from 'koa';
import { ACCOUNT_CALLBACK } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { Browser, SignedIn } from '../../oidc/index.ts';
import type { Form, Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { AccountPageModel } from './models.ts';
import type { Notice, Notices } from './notices.ts';
import type { Needs, WayIn } from './way-in.ts';

/** A request by somebody who is signed in, at an address below `/account`. */
export interface AccountVisit {
  readonly ctx: Koa.Context;
  readonly person: SignedIn;
}

/** What an address asks of whoever comes. */
export interface PageNeeds {
  /** Seconds for which a sign-in counts. A form may be sent for ten minutes more than its page is shown. */
  readonly fresh?: number;
  /** The least that the sign-in must have proved; `best`: all that this person can prove. */
  readonly acr?: '1' | '2' | '3' | 'best';
}

/** For pages on which somebody changes how she signs in. */
export const sensitive: PageNeeds = { fresh: 300, acr: 'best' };

/** How much longer than its page a form may be sent, in seconds. */
const TIME_FOR_FORM = 600;

/**
 * The front of the account pages: each topic adds its own addresses to it. Whoever is not signed in is sent to sign in, and
 * comes back to the page; so a form has the address of a page, which is where she comes back to.
 */
export interface AccountFront {
  /** Answers `GET` at an address. @param path below `/account`, such as `/applications/:id` */
  get(path: string, work: (visit: AccountVisit) => Promise<void> | void, needs?: PageNeeds): void;
  /** Answers a form of one of these pages: `csrf` was checked. */
  post(
    path: string,
    work: (visit: AccountVisit, form: Form) => Promise<void> | void,
    needs?: PageNeeds,
  ): void;
  /** Shows a page. @param model what the template shows beside what every account page does */
  show(visit: AccountVisit, template: string, model: object): void;
  /** Goes on to another page, which says what was done. @param to path, `/account` included */
  done(visit: AccountVisit, to: string, notice?: Notice): void;
  /** Says that there is nothing at this address, also where it is somebody else's. */
  missing(visit: AccountVisit): void;
  /** Who is signed in as well as is asked for; undefined: the browser was sent to sign in. */
  signedIn(ctx: Koa.Context, needs?: PageNeeds): Promise<SignedIn | undefined>;
}

/** What the account pages are made with. */
export interface AccountFrontOptions {
  readonly browser: Browser;
  readonly clock: Clock;
  readonly wayIn: WayIn;
  readonly notices: Notices;
  readonly forms: Forms;
  readonly render: (ctx: Koa.Context, template: string, model: object) => void;
  readonly showFault: ShowFault;
  /** The most that somebody can prove when she signs in: `1` to `3`. */
  readonly bestAcr: (accountId: string) => Promise<string>;
}

/** Whether a sign-in is enough. @param now when */
function meets({ acr, signedInAt }: SignedIn, needs: Needs, now: Date): boolean {
  if (needs.acr !== undefined && acr < needs.acr) return false;
  return needs.fresh === undefined || now.getTime() - signedInAt.getTime() <= needs.fresh * 1000;
}

/** Makes the front, and the addresses that all of it shares. */
export function createAccountFront(options: AccountFrontOptions): {
  readonly front: AccountFront;
  /** Answers everything below `/account`. */
  readonly middleware: Koa.Middleware;
} {
  const { browser, clock, wayIn, notices, forms, render, showFault, bestAcr } = options;
  const router = new Router();
  const at = ({ req, res }: Koa.Context) => ({ req, res });
  const page = ({ person }: AccountVisit) => `account ${person.uid}`;

  async function needsOf({ acr, fresh }: PageNeeds, person: SignedIn | undefined): Promise<Needs> {
    if (acr !== 'best') return { acr, fresh };
    return { acr: person && (await bestAcr(person.account.id)), fresh };
  }

  async function signedIn(ctx: Koa.Context, asked: PageNeeds = {}, grace = 0): Promise<SignedIn | undefined> {
    const person = await browser.signedIn(at(ctx));
    const needs = await needsOf(asked, person);
    const counted = needs.fresh === undefined ? needs : { ...needs, fresh: needs.fresh + grace };
    if (person !== undefined && meets(person, counted, clock.now())) return person;
    wayIn.begin(ctx, { ...needs, to: ctx.method === 'GET' ? ctx.url : ctx.path });
    return undefined;
  }

  const handler =
    (work: (ctx: Koa.Context) => Promise<void>): RouterMiddleware =>
    async (ctx) => {
      ctx.set('Cache-Control', 'no-store');
      await work(ctx);
    };

  const front: AccountFront = {
    get(path, work, needs) {
      router.get(
        `/account${path}`,
        handler(async (ctx) => {
          const person = await signedIn(ctx, needs);
          if (person !== undefined) await work({ ctx, person });
        }),
      );
    },
    post(path, work, needs) {
      router.post(
        `/account${path}`,
        handler(async (ctx) => {
          // All of it before the session is looked at: whoever holds a form back would outlast the end of her session.
          const received = await forms.receive(ctx);
          const person = await signedIn(ctx, needs, TIME_FOR_FORM);
          if (person === undefined) return;
          const visit = { ctx, person };
          const form = received(page(visit));
          if (!('fault' in form)) return work(visit, form);
          const kind = form.fault === 'unreadable' ? 'badRequest' : form.fault;
          showFault(ctx, { kind, place: 'account' });
        }),
      );
    },
    show(visit, template, model) {
      const { ctx, person } = visit;
      const shared: AccountPageModel = {
        csrf: forms.token(page(visit)),
        person: { name: person.account.name },
        notice: notices.take(ctx, person.uid),
      };
      render(ctx, template, { ...shared, ...model });
    },
    done({ ctx, person }, to, notice) {
      if (notice !== undefined) notices.leave(ctx, person.uid, notice);
      ctx.status = 303;
      ctx.redirect(to);
    },
    missing: ({ ctx }) => showFault(ctx, { kind: 'notFound', place: 'account' }),
    signedIn,
  };

  router.get(
    ACCOUNT_CALLBACK,
    handler(async (ctx) => {
      const destination = wayIn.end(ctx);
      const person = await browser.signedIn(at(ctx));
      // What was asked for and not given is not asked for again at once: it could go round in a circle.
      const turnedBack = ctx.query.error !== undefined;
      if (person === undefined) {
        render(ctx, 'account/not-signed-in.njk', {});
      } else if (!turnedBack && destination !== undefined && !meets(person, destination, clock.now())) {
        showFault(ctx, { kind: 'expired', place: 'account' });
      } else {
        ctx.status = 303;
        ctx.redirect((turnedBack ? undefined : destination?.to) ?? '/account');
      }
    }),
  );

  return { front, middleware: router.routes() as Koa.Middleware };
}
