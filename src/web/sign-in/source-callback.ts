import { Router } from '@koa/router';
import type Koa from 'koa';
import type { Upstream } from '../../upstream/index.ts';
import type { ShowFault } from '../page-faults.ts';
import type { SourcePages } from './source-pages.ts';

/**
 * What identity sources find here: the keys with which we prove who we are, and the address to which they send people back.
 *
 * The callback takes the provider's answer and hands over to the page on which the sign-in began: that page's own cookies are
 * for its own path, so only there is it known for whom the answer is.
 */
export function createSourceCallback(options: {
  upstream: Upstream;
  pages: SourcePages;
  showFault: ShowFault;
}): Koa.Middleware {
  const { upstream, pages, showFault } = options;
  const router = new Router({ prefix: '/sources' });

  router.get('/:id/jwks', async (ctx) => {
    const keys = await upstream.keys(String(ctx.params.id));
    if (keys === undefined) return showFault(ctx, { kind: 'notFound' });
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = JSON.stringify({ keys });
    ctx.type = 'application/jwk-set+json';
  });

  router.get('/:id/callback', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    const answer = ctx.URL.searchParams;
    const name = upstream.cookieOf(answer);
    const secret = name === undefined ? undefined : ctx.cookies.get(name);
    if (name === undefined || secret === undefined) return showFault(ctx, { kind: 'expired' });
    pages.takeAway(ctx, { name, path: ctx.path });
    const next = await upstream.finish(String(ctx.params.id), answer, secret);
    if (next === undefined) return showFault(ctx, { kind: 'expired' });
    if ('kind' in next) return pages.problem(ctx, next);
    pages.give(ctx, next.cookie);
    ctx.status = 303;
    ctx.redirect(next.page);
  });

  return router.routes() as Koa.Middleware;
}
