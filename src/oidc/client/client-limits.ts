import type { Context, Middleware } from 'koa';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { AnonymousDenials } from '../../audit/index.ts';
import type { LoadLimits } from '../../limits/index.ts';
import type { RequestStates } from '../request-state.ts';
import { clientRoutes } from './client-routes.ts';

/** Limits on what is done in the name of one client, and on guesses at its credentials. */
export interface ClientLimits {
  /** Called before a client is looked up. @throws a library error, 429, for one that has to wait */
  check(ctx: KoaContextWithOIDC, clientId: string): void;
  /** Counts what became of each request. */
  readonly middleware: Middleware;
}

/** Connects the limits on load with client authentication. Nothing is looked up or compared for a client that has to wait. */
export function createClientLimits(options: {
  load: LoadLimits;
  denials: AnonymousDenials;
  states: RequestStates;
  sourceOf: (ctx: Context) => string;
}): ClientLimits {
  const { load, denials, states, sourceOf } = options;

  async function refused(ctx: Context, route: string, clientId: string | undefined): Promise<void> {
    await load.refused(sourceOf(ctx), clientId);
    // The token endpoint counts its own.
    if (route !== 'token') denials.count(sourceOf(ctx), 'invalid_client');
  }

  return {
    check(ctx, clientId) {
      if (!clientRoutes.has(ctx.oidc?.route ?? '')) return;
      const wait = load.credentials(sourceOf(ctx), clientId);
      if (wait === undefined) return;
      states.of(ctx).wait = wait;
      const error = new errors.CustomOIDCProviderError(
        'too_many_requests',
        `more requests came in the name of this client than the limit allows: try again in ${wait} s`,
      );
      throw Object.assign(error, { status: 429, statusCode: 429 });
    },
    async middleware(ctx, next) {
      await next();
      const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
      if (oidc === undefined || !clientRoutes.has(oidc.route)) return;
      const { wait, authenticated, client } = states.of(ctx);
      if (wait !== undefined) ctx.set('Retry-After', String(wait));
      else if (authenticated && client !== undefined) await load.client(client.clientId);
      else if ((ctx.body as { error?: unknown } | undefined)?.error === 'invalid_client')
        await refused(ctx, oidc.route, client?.clientId);
    },
  };
}
