import type { Context, Middleware } from 'koa';
import { isAt } from '../addresses/index.ts';
import type { OidcPages } from './options.ts';
import { answerUnavailable } from './token/token-answers.ts';

/** Whether something that has an end is made at an address for people: a session, an interaction, a code. */
const isDatedPage = (path: string) => isAt(path, '/auth') || /^\/auth\//i.test(path);

/** The same for programs: a token, a pushed request. */
const isDatedEndpoint = (path: string) => isAt(path, '/token') || isAt(path, '/request');

/**
 * Lets a node whose clock is wrong make nothing that has an end: what it dates too late, the other nodes would take for too
 * long. It may still be asked about tokens, take them back and sign people out.
 */
export function createClockGuard(options: {
  /** Whether this node's clock can be relied on. */
  isOnTime: () => boolean;
  pages: Pick<OidcPages, 'refused'>;
}): Middleware {
  const { isOnTime, pages } = options;

  function refuse(ctx: Context): void {
    const error = 'temporarily_unavailable';
    if (isDatedEndpoint(ctx.path) || ctx.accepts('html', 'json') === 'json') answerUnavailable(ctx);
    else pages.refused(ctx, { status: 503, error, description: undefined, client: null });
  }

  return (ctx, next) => {
    if (isOnTime() || !(isDatedEndpoint(ctx.path) || isDatedPage(ctx.path))) return next();
    refuse(ctx);
    return Promise.resolve();
  };
}
