import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type Client, type ClientRegistry, isPublic, pageOrigins } from '../../clients/index.ts';
import type { RequestStates } from '../request-state.ts';

/** Anybody may read these from a page: they hold nothing of anyone. */
const openRoutes = new Set(['discovery', 'jwks', 'cors.discovery', 'cors.jwks']);

/** Whether pages of an origin belong to a client: one without a secret, to whose origin codes are sent. */
function isPageOf(client: Client | undefined, origin: string): boolean {
  if (client === undefined || !isPublic(client)) return false;
  return pageOrigins(client).includes(origin);
}

/**
 * Lets pages on other origins read the answers to requests of public clients (SMART App Launch 2.2, "Considerations for
 * Cross-Origin Resource Sharing"), and nobody else's.
 *
 * The library looks at `Origin` before a client has proved who it is, and answers differently for clients that exist: it
 * never sees one. A preflight names no client; it passes when some public client lives at the origin.
 */
export function createCrossOrigin(options: { registry: ClientRegistry; states: RequestStates }): Middleware {
  const { registry, states } = options;

  return async (ctx, next) => {
    const origin = ctx.get('Origin');
    delete ctx.req.headers.origin;
    await next();
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
    if (oidc !== undefined && openRoutes.has(oidc.route)) return;
    ctx.remove('Access-Control-Allow-Origin');
    if (origin === '' || oidc === undefined) return;
    const allowed =
      ctx.method === 'OPTIONS'
        ? (await registry.publicOrigins()).has(origin)
        : isPageOf(states.of(ctx).client, origin);
    if (allowed) ctx.set('Access-Control-Allow-Origin', origin);
  };
}
