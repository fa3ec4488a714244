import type { Router } from '@koa/router';
import type Koa from 'koa';
import { type People, SHORTEST_PASSWORD } from '../../accounts/index.ts';
import { hasCode } from '../../errors.ts';
import type { SignInGuard } from '../../limits/index.ts';
import { BUSY, chosenPassword, formOf, type JoiningFront, page, placeIn, showOver } from './front.ts';
import type { ForgottenModel, ResetModel } from './models.ts';

const PATH = '/account/reset';

/** What the pages need on which somebody chooses a new password who does not know hers. */
export interface ResetOptions {
  readonly people: Pick<People, 'resets'>;
  /** Counts how often a link is asked for, and tries at codes: apart from tries at passwords, which nobody is to be kept from. */
  readonly mailGuard: SignInGuard;
  readonly sourceOf: (ctx: Koa.Context) => string;
}

/** Adds those pages. Whoever asks learns nothing: neither whether there is an account, nor whether a mail was sent. */
export function addReset(router: Router, front: JoiningFront, options: ResetOptions): void {
  const { people, mailGuard, sourceOf } = options;
  const { resets } = people;
  const { forms, render } = front;
  const about = (ctx: Koa.Context) => `reset ${placeIn(ctx, 'token')}`;

  function wait(ctx: Koa.Context, seconds: number): number {
    ctx.set('Retry-After', String(seconds));
    return Math.ceil(seconds / 60);
  }

  function showForgotten(
    ctx: Koa.Context,
    problem: ForgottenModel['problem'],
    { identifier = '', minutes = 0 }: { identifier?: string; minutes?: number } = {},
  ): void {
    const model: ForgottenModel = { action: PATH, csrf: forms.token('reset'), identifier, problem, minutes };
    render(ctx, 'joining/forgotten.njk', model);
  }

  function show(ctx: Koa.Context, needsCode: boolean, problem: ResetModel['problem'], minutes = 0): void {
    const model: ResetModel = {
      action: `${PATH}/${placeIn(ctx, 'token')}`,
      csrf: forms.token(about(ctx)),
      ...{ needsCode, problem, minutes, least: SHORTEST_PASSWORD },
    };
    render(ctx, 'joining/reset.njk', model);
  }

  router.get(
    PATH,
    page((ctx) => showForgotten(ctx, 'none')),
  );
  router.post(
    PATH,
    formOf(
      front,
      () => 'reset',
      async (ctx, form) => {
        const identifier = form.one('identifier');
        if (identifier.trim() === '') return showForgotten(ctx, 'missing');
        const source = sourceOf(ctx);
        const leave = await mailGuard.attempt({ identifier, eachSource: true, source, known: undefined });
        if ('retryAfter' in leave) {
          ctx.status = 429;
          return showForgotten(ctx, 'limited', { identifier, minutes: wait(ctx, leave.retryAfter) });
        }
        await resets.ask(identifier);
        // Each counts: a mailbox is not to be filled.
        await leave.failed();
        render(ctx, 'joining/reset-sent.njk', {});
      },
    ),
  );

  router.get(
    `${PATH}/:token`,
    page(async (ctx) => {
      const open = await resets.find(placeIn(ctx, 'token'));
      if (open === undefined) showOver(front, ctx, 'reset');
      else show(ctx, open.needsCode, 'none');
    }),
  );
  router.post(
    `${PATH}/:token`,
    formOf(front, about, async (ctx, form) => {
      const token = placeIn(ctx, 'token');
      const open = await resets.find(token);
      if (open === undefined) return showOver(front, ctx, 'reset');
      const { needsCode } = open;
      const chosen = chosenPassword(form);
      if ('problem' in chosen) return show(ctx, needsCode, chosen.problem);
      const source = sourceOf(ctx);
      const leave = await mailGuard.attempt({
        identifier: open.accountId,
        of: 'reset-code',
        source,
        known: undefined,
      });
      if ('retryAfter' in leave) {
        ctx.status = 429;
        return show(ctx, needsCode, 'limited', wait(ctx, leave.retryAfter));
      }
      try {
        const fault = await resets.set(token, { ...chosen, code: form.one('code'), source });
        if (fault === 'code') await leave.failed();
        else if (fault === undefined) await leave.succeeded();
        else await leave.unused();
        if (fault === undefined) render(ctx, 'joining/reset-done.njk', {});
        else if (fault === 'over') showOver(front, ctx, 'reset');
        // She may have set an app up since.
        else show(ctx, needsCode || fault === 'code', fault);
      } catch (error) {
        await leave.unused();
        if (!hasCode(error, 'overloaded')) throw error;
        ctx.status = 503;
        wait(ctx, BUSY);
        show(ctx, needsCode, 'busy');
      }
    }),
  );
}
