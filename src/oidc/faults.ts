import type { Context, Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Logger } from 'pino';
import { AssentError } from '../errors.ts';
import { answerUnavailable, hideBrokenRegistration } from './token-answers.ts';

/** Routes whose answers people see; all others answer JSON, whatever a browser-like client says it accepts. */
const pageRoutes = /^(authorization|resume|end_session.*)$/;

/** Whether an answer is for a person who looks at it. */
export function isForPeople(ctx: Context): boolean {
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  return pageRoutes.test(oidc?.route ?? 'resume') && ctx.accepts('html', 'json') !== 'json';
}

/** Routes at which clients prove who they are. */
const clientRoutes = new Set(['pushed_authorization_request', 'introspection', 'revocation']);

/**
 * Gives every fault of the provider its form: what is thrown past the library's own handlers (it saves the session once
 * more after they have answered), and passing faults, which it answers without saying when to try again.
 */
export function createFaults(options: {
  log: Logger;
  /** Answers with a page. */
  show: (
    ctx: Context,
    request: { status: number; error: string; description: undefined; client: null },
  ) => void;
}): Middleware {
  const { log, show } = options;

  function answer(ctx: Context, status: number): void {
    const error = status === 503 ? 'temporarily_unavailable' : 'server_error';
    if (isForPeople(ctx)) show(ctx, { status, error, description: undefined, client: null });
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
      if (ctx.status === 503 && !isForPeople(ctx)) answerUnavailable(ctx);
      else if (oidc !== undefined && clientRoutes.has(oidc.route) && ctx.status >= 400)
        hideBrokenRegistration(ctx as unknown as KoaContextWithOIDC);
    } catch (error) {
      log.error({ err: error }, 'a request failed outside the library');
      answer(ctx, error instanceof AssentError ? error.statusCode : 500);
    }
  };
}
