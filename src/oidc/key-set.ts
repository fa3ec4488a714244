import type { Middleware } from 'koa';
import { JWKS_MAX_AGE } from '../keys/index.ts';

/** The library's router ignores case and a closing slash. */
const keySetPath = /^\/jwks\/?$/i;

/** What `/jwks` tells caches: a key is published for longer than this before it signs. */
export const cacheKeySet: Middleware = async (ctx, next) => {
  if (!keySetPath.test(ctx.path)) return next();
  await next();
  if (ctx.status === 200) ctx.set('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`);
};
