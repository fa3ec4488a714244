import { bodyParser } from '@koa/bodyparser';
import type { Context, Middleware } from 'koa';
import { isAt } from '../../addresses/index.ts';

/** Whether a request by POST means the same there as by GET; of signing out, the library takes only the latter. */
const isRepeated = (path: string) => isAt(path, '/auth') || isAt(path, '/session/end');

/** Longest request that is taken as a form, in bytes: it becomes an address, and addresses have a limit. */
const LONGEST_FORM = 8192;

/** Ways back to the application that need no script of ours (OAuth 2.0 Multiple Response Types). */
export const responseModes: readonly string[] = ['query', 'fragment'];

/** What a person sees of a request that cannot go on. */
interface Refusals {
  refused(ctx: Context, request: { status: number; error: string; description: string; client: null }): void;
}

const parse = bodyParser({
  enableTypes: ['form'],
  formLimit: LONGEST_FORM,
  onError(_error, ctx) {
    ctx.throw(400, 'the form cannot be read');
  },
});

/**
 * Goes before the library's authorisation endpoint.
 *
 * A request by POST (OpenID Connect Core section 3.1.2.1, SMART `authorize-post`; RP-Initiated Logout 1.0 section 2) is answered by a 303 to the same
 * request by GET: the library's own support for POST needs cookies that every site may send along. `form_post` is
 * refused before anything else, because even its errors are a page with an inline script.
 */
export function createAuthorisationEndpoint(options: { pages: Refusals }): Middleware {
  const { pages } = options;

  function refuse(ctx: Context, description: string): void {
    ctx.status = 400;
    ctx.set('Cache-Control', 'no-store');
    const error = 'invalid_request';
    if (ctx.accepts('html', 'json') === 'json') ctx.body = { error, error_description: description };
    else pages.refused(ctx, { status: 400, error, description, client: null });
  }

  async function repeat(ctx: Context): Promise<void> {
    try {
      await parse(ctx, async () => {});
    } catch {
      refuse(ctx, 'the request must be a form of at most 8 kB');
      return;
    }
    const sent = new URLSearchParams(ctx.request.rawBody ?? '');
    if (sent.size === 0 || sent.toString().includes('%00')) refuse(ctx, 'the request must be a form');
    else if (sent.toString().length > LONGEST_FORM) refuse(ctx, 'the request must be a form of at most 8 kB');
    else {
      ctx.status = 303;
      ctx.set('Cache-Control', 'no-store');
      ctx.redirect(`${ctx.path}?${sent}`);
    }
  }

  /** Discovery names every mode that the library knows. */
  async function describe(ctx: Context, next: () => Promise<unknown>): Promise<void> {
    await next();
    const body = ctx.body as { response_modes_supported?: unknown } | undefined;
    if (body?.response_modes_supported !== undefined)
      ctx.body = { ...body, response_modes_supported: responseModes };
  }

  return async (ctx, next) => {
    if (ctx.method === 'POST' && isRepeated(ctx.path)) return repeat(ctx);
    if (ctx.path.startsWith('/.well-known/')) return describe(ctx, next);
    if (!isAt(ctx.path, '/auth')) return next();
    // A parameter without a value counts as left out (RFC 6749 section 3.1).
    const modes = [ctx.query.response_mode ?? []].flat().filter(Boolean);
    if (modes.every((mode) => responseModes.includes(mode))) return next();
    refuse(ctx, 'response_mode must be query or fragment');
  };
}
