import type Koa from 'koa';
import { type Api, type Catalogue, hasSmartLaunch } from '../catalogue/index.ts';
import { isUnavailable } from '../errors.ts';

const SUFFIX = '/.well-known/smart-configuration';

/** Whether a path asks for a SMART configuration. */
function isSmartConfiguration(path: string): boolean {
  return path.endsWith(SUFFIX) || path.startsWith(`${SUFFIX}/`);
}

/**
 * Answers for each FHIR base that is protected here. A base under our own origin is asked at its own address. The server
 * of any other base hands on what stands under `/.well-known/smart-configuration/{API id}`; without an id that is the
 * only one there is.
 */
export function createSmartConfiguration(options: {
  issuer: string;
  catalogue: Catalogue;
  document: (api: Api) => object;
}): Koa.Middleware {
  const { issuer, catalogue, document } = options;
  const { origin } = new URL(issuer);

  async function apiAt(path: string): Promise<Api | undefined> {
    const apis = (await catalogue.all()).filter(hasSmartLaunch);
    if (path === SUFFIX) return apis.length === 1 ? apis[0] : undefined;
    return path.startsWith(`${SUFFIX}/`)
      ? apis.find((api) => `${SUFFIX}/${api.id}` === path)
      : apis.find((api) => `${api.audience}${SUFFIX}` === `${origin}${path}`);
  }

  return async (ctx, next) => {
    if (!isSmartConfiguration(ctx.path)) return next();
    let api: Api | undefined;
    try {
      api = await apiAt(ctx.path);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      ctx.status = 503;
      ctx.set({ 'Retry-After': '1', 'Cache-Control': 'no-store' });
      ctx.body = { error: 'temporarily_unavailable' };
      return;
    }
    if (api === undefined) return next();
    // Any application may ask, from any page (SMART App Launch 2.2, cross-origin resource sharing).
    ctx.set('Access-Control-Allow-Origin', '*');
    if (ctx.method === 'OPTIONS') {
      ctx.set('Access-Control-Allow-Methods', 'GET, HEAD');
      ctx.set('Access-Control-Allow-Headers', '*');
      ctx.status = 204;
    } else if (ctx.method === 'GET' || ctx.method === 'HEAD') {
      ctx.set('Cache-Control', 'public, max-age=60');
      ctx.body = document(api);
    } else {
      ctx.set('Allow', 'GET, HEAD, OPTIONS');
      ctx.status = 405;
      ctx.body = { error: 'method_not_allowed' };
    }
  };
}
