import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import type { Logger } from 'pino';
import { hasCode } from '../errors.ts';
import { type ErrorModel, errorModel } from './models.ts';
import type { Render } from './renderers.ts';

/** What went wrong, as far as a page tells. */
export type PageFault = Omit<ErrorModel, 'incident'>;

const statuses: Record<ErrorModel['kind'], number> = {
  unexpected: 500,
  notFound: 404,
  expired: 400,
  badRequest: 400,
  forbidden: 403,
  tooLarge: 413,
  tooMany: 429,
  unavailable: 503,
  interrupted: 503,
};

/** Answers with a readable page, under a number that the log knows too. */
export type ShowFault = (
  ctx: Context,
  fault: PageFault & {
    readonly cause?: unknown;
    /** Seconds after which trying again may help; 1 for a fault of a part of the service, if nothing else is said. */
    readonly retryAfter?: number;
  },
) => void;

/** Whether what was kept of a sign-in in progress cannot be reached: it may not be there any more afterwards. */
const isLost = (cause: unknown) => hasCode(cause, 'redis_unavailable');

/** Makes the one way in which a request of a browser ends on an error page. */
export function createShowFault(options: { render: Render; log: Logger }): ShowFault {
  const { render, log } = options;
  return (ctx, { cause, retryAfter, ...given }) => {
    const fault = isLost(cause) ? { ...given, kind: 'interrupted' as const } : given;
    const incident = randomUUID();
    const entry = { incident, kind: fault.kind, error: fault.code };
    if (cause === undefined) log.info(entry, 'a request ended on an error page');
    else log.error({ ...entry, err: cause }, 'a request failed');
    ctx.status = statuses[fault.kind];
    ctx.set('Cache-Control', 'no-store');
    const wait = retryAfter ?? (ctx.status === 503 ? 1 : undefined);
    if (wait !== undefined) ctx.set('Retry-After', String(wait));
    render(ctx, 'error.njk', errorModel({ ...fault, incident }));
  };
}
