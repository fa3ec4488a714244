import { Router } from '@koa/router';
import type Koa from 'koa';
import { type Account, proofVersionOf } from '../../accounts/index.ts';
import type { HttpExchange, Interactions } from '../../oidc/index.ts';
import type { Arrivals, SourceFault, Upstream } from '../../upstream/index.ts';
import type { Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { NewBrowser } from './new-browser.ts';
import type { SourcePages } from './source-pages.ts';

/** What the steps of a sign-in elsewhere need. */
export interface SourceStepsOptions {
  readonly interactions: Pick<Interactions, 'find' | 'signIn'>;
  readonly upstream: Upstream;
  readonly arrivals: Arrivals;
  readonly findAccount: (id: string) => Promise<Account | undefined>;
  readonly newBrowser: Pick<NewBrowser, 'other'>;
  readonly forms: Forms;
  readonly pages: SourcePages;
  readonly showFault: ShowFault;
  readonly sourceOf: (ctx: Koa.Context) => string;
  readonly isOnTime: () => boolean;
  /** Told of somebody who signed in elsewhere and was not let in here. */
  readonly onTurnedAway: (source: string, fault: SourceFault) => void;
}

/** The two steps of a sign-in elsewhere that belong to a question: going there, and coming back with who it is. */
export function createSourceSteps(options: SourceStepsOptions): Koa.Middleware {
  const { interactions, upstream, arrivals, forms, pages, showFault, sourceOf, isOnTime } = options;
  const router = new Router({ prefix: '/interaction' });
  const aboutOf = (uid: string) => `interaction ${uid}`;

  /** The sign-in that is open at an address, in the browser that began it; undefined: the answer is given. */
  async function openAt(ctx: Koa.Context, at: HttpExchange, uid: string) {
    ctx.set('Cache-Control', 'no-store');
    if (!isOnTime()) {
      showFault(ctx, { kind: 'unavailable' });
      return undefined;
    }
    const question = await interactions.find(at, uid);
    if (question?.kind === 'sign-in') return question;
    showFault(ctx, { kind: 'expired' });
    return undefined;
  }

  router.post('/:uid/source', async (ctx) => {
    const uid = String(ctx.params.uid);
    const form = await forms.read(ctx, uid);
    const question = await openAt(ctx, { req: ctx.req, res: ctx.res }, uid);
    if (question === undefined) return;
    if ('fault' in form)
      return showFault(ctx, { kind: form.fault === 'unreadable' ? 'badRequest' : form.fault });
    const back = `/interaction/${uid}`;
    const next = await upstream.begin(form.one('source'), {
      page: `${back}/source`,
      back,
      about: aboutOf(uid),
      fresh: question.fresh,
    });
    if (next === undefined) return showFault(ctx, { kind: 'expired' });
    if ('kind' in next) return pages.problem(ctx, next);
    pages.give(ctx, next.cookie);
    pages.go(ctx, next);
  });

  router.get('/:uid/source', async (ctx) => {
    const uid = String(ctx.params.uid);
    const at = { req: ctx.req, res: ctx.res };
    if ((await openAt(ctx, at, uid)) === undefined) return;
    const name = upstream.handOverCookie;
    const arrival = await upstream.accept(ctx.cookies.get(name) ?? '', aboutOf(uid));
    pages.takeAway(ctx, { name, path: ctx.path });
    if (arrival === undefined) return showFault(ctx, { kind: 'expired' });
    const from = sourceOf(ctx);
    const { id, name: sourceName } = arrival.source.settings;
    const turnAway = (fault: SourceFault) => {
      options.onTurnedAway(id, fault);
      pages.problem(ctx, { ...fault, name: sourceName, back: `/interaction/${uid}` });
    };
    const settled = await arrivals.signIn(arrival, from);
    if (settled === undefined) return showFault(ctx, { kind: 'expired' });
    if ('kind' in settled) return turnAway(settled);
    const account = await options.findAccount(settled.accountId);
    if (account === undefined) return turnAway({ kind: 'blocked', code: 'identity_blocked' });
    // Everything of hers ended since the source's answer came: whoever brings it may be whom she locked out.
    if (arrival.owner !== undefined && arrival.owner.proofVersion !== proofVersionOf(account))
      return showFault(ctx, { kind: 'expired' });
    const next = await interactions.signIn(at, account, from, arrival.told);
    if (!('location' in next)) return showFault(ctx, { kind: 'expired' });
    await options.newBrowser.other(ctx, account);
    ctx.status = 303;
    ctx.redirect(next.location);
  });

  return router.routes() as Koa.Middleware;
}
