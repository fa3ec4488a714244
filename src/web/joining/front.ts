import type { RouterContext, RouterMiddleware } from '@koa/router';
import type Koa from 'koa';
import type { Form, Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Render } from '../renderers.ts';
import type { OverModel, PasswordProblem } from './models.ts';

/** What the pages are made with on which nobody has to be signed in. */
export interface JoiningFront {
  readonly forms: Forms;
  readonly render: Render;
  readonly showFault: ShowFault;
}

/** Seconds after which trying again may help, where too many passwords waited to be hashed. */
export const BUSY = 2;

/** The value of a place in an address. */
export const placeIn = (ctx: Koa.Context, name: string): string =>
  String((ctx as RouterContext).params[name] ?? '');

/** Answers a page; none of them is kept by a browser. */
export const page =
  (work: (ctx: Koa.Context) => Promise<void> | void): RouterMiddleware =>
  async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    await work(ctx);
  };

/** Answers a form of a page. @param about what the page is about, to which its token is bound */
export const formOf = (
  { forms, showFault }: JoiningFront,
  about: (ctx: Koa.Context) => string,
  work: (ctx: Koa.Context, form: Form) => Promise<void> | void,
): RouterMiddleware =>
  page(async (ctx) => {
    const form = await forms.read(ctx, about(ctx));
    if (!('fault' in form)) return work(ctx, form);
    showFault(ctx, { kind: form.fault === 'unreadable' ? 'badRequest' : form.fault });
  });

/** Says that a link opens nothing, and what to do. */
export function showOver(
  { render }: Pick<JoiningFront, 'render'>,
  ctx: Koa.Context,
  kind: OverModel['kind'],
): void {
  const model: OverModel = { kind };
  ctx.status = kind === 'foreign' ? 403 : 400;
  render(ctx, 'joining/over.njk', model);
}

/** A password that was chosen, typed twice: nobody can look at it. */
export function chosenPassword(
  form: Form,
): { readonly password: string } | { readonly problem: PasswordProblem } {
  const password = form.one('password');
  if (password === '') return { problem: 'missing' };
  return password === form.one('again') ? { password } : { problem: 'different' };
}
