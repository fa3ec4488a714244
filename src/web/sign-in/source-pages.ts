import type { Context } from 'koa';
import type { Failed, HandOver } from '../../upstream/index.ts';
import type { Render } from '../renderers.ts';
import type { SourceGoModel, SourceProblemModel } from './models.ts';

/** What a browser sees of a sign-in elsewhere. */
export interface SourcePages {
  /**
   * Sends the browser on to a provider. Not by a redirect: a browser holds every redirect that follows a form to the addresses
   * which the page's policy lets forms go to, and nobody knows to which hosts a provider leads from one to the next.
   */
  go(ctx: Context, to: { readonly url: URL; readonly name: string }): void;
  problem(ctx: Context, failed: Failed): void;
  /** Gives the browser a cookie for one path. */
  give(ctx: Context, cookie: HandOver): void;
  /** Takes it away again. */
  takeAway(ctx: Context, cookie: Pick<HandOver, 'name' | 'path'>): void;
}

/** Makes the pages. */
export function createSourcePages({ issuer, render }: { issuer: string; render: Render }): SourcePages {
  const secure = issuer.startsWith('https:');

  function set(ctx: Context, { path, name, value, life }: HandOver): void {
    const attributes = [`Path=${path}`, 'HttpOnly', 'SameSite=Lax', `Max-Age=${life}`];
    if (life === 0) attributes.push('Expires=Thu, 01 Jan 1970 00:00:00 GMT');
    if (secure) attributes.push('Secure');
    ctx.append('Set-Cookie', [`${name}=${value}`, ...attributes].join('; '));
  }

  return {
    go(ctx, { url, name }) {
      ctx.status = 200;
      ctx.set('Cache-Control', 'no-store');
      ctx.set('Refresh', `0; url=${url.href}`);
      const model: SourceGoModel = { name, uri: url.href };
      render(ctx, 'sign-in/source-go.njk', model);
    },
    problem(ctx, { kind, name, back }) {
      ctx.status = kind === 'unavailable' ? 503 : 403;
      ctx.set('Cache-Control', 'no-store');
      const model: SourceProblemModel = { kind, name, back };
      render(ctx, 'sign-in/source-problem.njk', model);
    },
    give: set,
    takeAway: (ctx, { name, path }) => set(ctx, { name, path, value: '', life: 0 }),
  };
}
