import type Koa from 'koa';

/**
 * Says whether a form was sent from a page of ours. Browsers say it by `Sec-Fetch-Site`; older ones, and those that
 * are on plain http, by `Origin`. A request with neither is refused.
 *
 * @param issuer the address under which Kete Health's pages are, too
 */
export function createFormCheck(issuer: string): (ctx: Koa.Context) => boolean {
  const { origin } = new URL(issuer);
  return (ctx) => {
    const site = ctx.get('Sec-Fetch-Site');
    return site === '' ? ctx.get('Origin') === origin : site === 'same-origin';
  };
}
