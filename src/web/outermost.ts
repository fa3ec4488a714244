import type Koa from 'koa';
import { isForPrograms } from '../addresses/index.ts';
import type { Pages } from './pages.ts';
import { createApiHeaders } from './security-headers.ts';

/** What goes around every answer of the provider: headers, and a readable page for an address that does not exist. */
export function createOutermost(options: {
  issuer: string;
  pages: Pick<Pages, 'headers' | 'showFault'>;
}): readonly Koa.Middleware[] {
  const { issuer, pages } = options;
  const apiHeaders = createApiHeaders({ issuer });
  return [
    (ctx, next) => (isForPrograms(ctx.path) ? apiHeaders(ctx, next) : pages.headers(ctx, next)),
    async (ctx, next) => {
      await next();
      if (ctx.status !== 404 || ctx.body) return;
      if (!isForPrograms(ctx.path) && ctx.accepts('json', 'html') === 'html')
        pages.showFault(ctx, { kind: 'notFound' });
      else {
        ctx.status = 404;
        ctx.set('Cache-Control', 'no-store');
        ctx.body = { error: 'not_found' };
      }
    },
  ];
}
