import type { Middleware } from 'koa';
import { isAt } from '../addresses/index.ts';
import { JWKS_MAX_AGE } from '../keys/index.ts';

/** What `/jwks` tells caches: a key is published for longer than this before it signs. */
export const cacheKeySet: Middleware = async (ctx, next) => {
  if (!isAt(ctx.path, '/jwks')) return next();
  await next();
  if (ctx.status === 200) ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`);
};
