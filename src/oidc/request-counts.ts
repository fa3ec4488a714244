import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Metrics } from '../telemetry/index.ts';
import { asText } from '../text.ts';
import type { RequestStates } from './request-state.ts';

/** Refusals at these end on a page or on the way back to the application: the library's event tells of them. */
const answeredElsewhere = new Set(['authorization', 'resume']);

/**
 * Counts what the endpoints answered: tokens by client, profile and grant, denials by reason. It stands around the token
 * endpoint, so that a token counts only when it is durable.
 */
export function createRequestCounts(options: {
  states: RequestStates;
  metrics: Pick<Metrics, 'issued' | 'denied'>;
}): Middleware {
  const { states, metrics } = options;
  return async (ctx, next) => {
    await next();
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
    const { error } = (ctx.body ?? {}) as { error?: unknown };
    if (oidc?.route === 'token' && ctx.status === 200) {
      const { client, api } = states.of(ctx);
      metrics.issued({
        clientId: client?.clientId ?? 'unknown',
        profile: api?.profile ?? 'none',
        grantType: asText(oidc.params?.grant_type) ?? 'unknown',
      });
    } else if (ctx.status >= 400 && ctx.status < 500 && !answeredElsewhere.has(oidc?.route ?? '')) {
      if (typeof error === 'string') metrics.denied(error);
    }
  };
}
