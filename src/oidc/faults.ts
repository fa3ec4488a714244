import type { Context, Middleware } from 'koa';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import { isForPrograms } from '../addresses/index.ts';
import { AssentError, hasCode } from '../errors.ts';
import { otherClientRoutes } from './client/client-routes.ts';
import type { ApplicationLink } from './person/sign-out.ts';
import { answerUnavailable, hideBrokenRegistration } from './token/token-answers.ts';

/** Routes whose answers people see; all others answer JSON, whatever a browser-like client says it accepts. */
const pageRoutes = /^(authorization|resume|end_session.*)$/;

/** Whether an answer is for a person who looks at it. */
export function isSeenByPerson(ctx: Context): boolean {
  if (isForPrograms(ctx.path)) return false;
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  return pageRoutes.test(oidc?.route ?? 'resume') && ctx.accepts('html', 'json') !== 'json';
}

/** Whether a person has to begin her sign-in anew: what was kept of it cannot be reached. A sign-out can be tried again. */
export function isInterrupted(ctx: Context, fault: unknown): boolean {
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  const signingOut = oidc?.route?.startsWith('end_session') ?? false;
  return hasCode(fault, 'redis_unavailable') && !signingOut;
}

/** Whether what was to be gone on with is over: nothing failed. */
const isOver = (fault: unknown) => fault instanceof errors.SessionNotFound;

/** Pages for what goes wrong. */
interface FaultPages {
  refused(
    ctx: Context,
    request: { status: number; error: string; description: undefined; client: null },
  ): void;
  interrupted(ctx: Context, client: ApplicationLink | null): void;
  expired(ctx: Context): void;
}

/**
 * Gives every fault of the provider its form: what is thrown past the library's own handlers (it saves the session once
 * more after they have answered), and passing faults, which it answers without saying when to try again.
 */
export function createFaults(options: {
  log: Logger;
  pages: FaultPages;
  /** Where the application is that sent the person here, if it is known. */
  applicationOf: (ctx: Context) => Promise<ApplicationLink | null>;
}): Middleware {
  const { log, pages, applicationOf } = options;

  async function answer(ctx: Context, fault: unknown): Promise<void> {
    const status = fault instanceof AssentError ? fault.statusCode : 500;
    const error = status === 503 ? 'temporarily_unavailable' : 'server_error';
    // What was said before the fault: a code in an address, the cookie of a session that was not saved.
    for (const name of ['Location', 'Set-Cookie']) ctx.remove(name);
    if (isSeenByPerson(ctx) && isOver(fault)) pages.expired(ctx);
    else if (isSeenByPerson(ctx) && isInterrupted(ctx, fault))
      pages.interrupted(ctx, await applicationOf(ctx));
    else if (isSeenByPerson(ctx)) pages.refused(ctx, { status, error, description: undefined, client: null });
    else if (status === 503) answerUnavailable(ctx);
    else {
      ctx.status = 500;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { error, error_description: 'the server has failed' };
    }
  }

  return async (ctx, next) => {
    try {
      await next();
      const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
      if (ctx.status === 503 && !isSeenByPerson(ctx)) answerUnavailable(ctx);
      else if (oidc !== undefined && otherClientRoutes.has(oidc.route) && ctx.status >= 400)
        hideBrokenRegistration(ctx as unknown as KoaContextWithOIDC);
    } catch (error) {
      if (!isOver(error)) log.error({ err: error }, 'a request failed outside the library');
      await answer(ctx, error);
    }
  };
}
