import type Koa from 'koa';

/** The state of one thing that Assent depends on. `degraded` and `off` do not make the node unready. */
export type CheckResult = 'ok' | 'degraded' | 'off' | 'failed';

export interface HealthOptions {
  /** Name of a dependency to its check; a check that throws has failed. */
  readonly checks: Readonly<Record<string, () => Promise<CheckResult>>>;
  /** Whether the node is shutting down. */
  readonly draining: () => boolean;
}

async function result(check: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await check();
  } catch {
    return 'failed';
  }
}

/** `GET /health/live`: the process runs. `GET /health/ready`: it can serve; 503 when something it needs has failed. */
export function createHealth({ checks, draining }: HealthOptions): Koa.Middleware {
  const names = Object.keys(checks);
  let underWay: Promise<CheckResult[]> | undefined;

  /** However many ask at once, what the node depends on is asked once. */
  function look(): Promise<CheckResult[]> {
    underWay ??= Promise.all(Object.values(checks).map(result)).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  return async (ctx, next) => {
    if (!ctx.path.startsWith('/health/')) return next();
    ctx.set('Cache-Control', 'no-store');
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' };
    } else if (ctx.path === '/health/ready') {
      const results = await look();
      const ready = !draining() && !results.includes('failed');
      ctx.status = ready ? 200 : 503;
      ctx.body = {
        status: ready ? 'ready' : draining() ? 'draining' : 'unready',
        ...Object.fromEntries(names.map((name, index) => [name, results[index]])),
      };
    }
  };
}
