import type Koa from 'koa';
import type { WayOn } from '../models.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Renderer } from '../render.ts';
import { allowFormsTo } from '../security-headers.ts';
import type { ContinueModel, SignedOutModel, SignOutModel } from './models.ts';

/** Where the form of a page may lead by way of redirects, as a content security policy calls it. */
interface FormTargets {
  readonly formTargets: readonly string[];
}

/** A request that cannot go on. `client` is the way back to the application, where it is known. */
interface Refused {
  readonly status: number;
  readonly error: string;
  readonly description: string | undefined;
  readonly client: WayOn | null;
}

/** The pages that the OAuth side shows: refusals, and what surrounds signing out. */
export interface OauthPages {
  refused(ctx: Koa.Context, request: Refused): void;
  /** What was kept of a sign-in in progress cannot be reached. `client`: the way back to the application, where it is known. */
  interrupted(ctx: Koa.Context, client: WayOn | null): void;
  /** A page that took too long, was finished before, or began in another browser. */
  expired(ctx: Koa.Context): void;
  /** A form that did not come from our page. */
  forbidden(ctx: Koa.Context): void;
  signOut(ctx: Koa.Context, page: SignOutModel & FormTargets): void;
  signedOut(ctx: Koa.Context, page: SignedOutModel): void;
  goOn(ctx: Koa.Context, page: ContinueModel & FormTargets): void;
}

/** Renders the pages that the OAuth side shows. */
export function createOauthPages(options: { renderer: Renderer; showFault: ShowFault }): OauthPages {
  const { renderer, showFault } = options;

  function page(ctx: Koa.Context, template: string, model: object, targets: readonly string[]): void {
    allowFormsTo(ctx, targets);
    ctx.type = 'html';
    ctx.body = renderer.render(template, model);
  }

  return {
    refused(ctx, { status, error, description, client }) {
      if (status >= 500) showFault(ctx, { kind: status === 503 ? 'unavailable' : 'unexpected' });
      else showFault(ctx, { kind: 'badRequest', code: error, description, wayOn: client });
    },
    interrupted: (ctx, client) => showFault(ctx, { kind: 'interrupted', wayOn: client }),
    expired: (ctx) => showFault(ctx, { kind: 'expired' }),
    forbidden: (ctx) => showFault(ctx, { kind: 'forbidden' }),
    signOut(ctx, { formTargets, ...model }) {
      page(ctx, 'sign-in/sign-out.njk', model, formTargets);
    },
    signedOut(ctx, model) {
      page(ctx, 'sign-in/signed-out.njk', model, []);
    },
    goOn(ctx, { formTargets, ...model }) {
      page(ctx, 'sign-in/continue.njk', model, formTargets);
    },
  };
}
