import type { Router } from '@koa/router';
import type Koa from 'koa';
import { type OpenInvitation, type People, SHORTEST_PASSWORD } from '../../accounts/index.ts';
import { hasCode } from '../../errors.ts';
import { readEmail } from '../../mail/index.ts';
import { BUSY, chosenPassword, formOf, type JoiningFront, page, placeIn, showOver } from './front.ts';
import type { CodeModel, JoinedModel, JoinModel } from './models.ts';

const PATH = '/account/join';

/** A code as it may stand in an address; undefined for what is none. */
const asCode = (typed: string): string | undefined =>
  /^[A-Za-z0-9-]{20,40}$/.exec(typed.replaceAll(/\s/g, ''))?.[0];

/** Adds the pages on which an invitation is taken up. */
export function addJoin(
  router: Router,
  front: JoiningFront,
  { invitations }: Pick<People, 'invitations'>,
): void {
  const { forms, render } = front;
  const aboutCode = (ctx: Koa.Context) => `join ${placeIn(ctx, 'code')}`;

  function showCode(ctx: Koa.Context, problem: CodeModel['problem']): void {
    const model: CodeModel = { action: PATH, csrf: forms.token('join'), problem };
    render(ctx, 'joining/code.njk', model);
  }

  function show(
    ctx: Koa.Context,
    { name, email = '', proved }: OpenInvitation,
    problem: JoinModel['problem'],
    typed = email,
  ): void {
    const model: JoinModel = {
      action: `${PATH}/${placeIn(ctx, 'code')}`,
      csrf: forms.token(aboutCode(ctx)),
      ...{ name, proved, problem, email: typed, least: SHORTEST_PASSWORD },
    };
    render(ctx, 'joining/join.njk', model);
  }

  function showJoined(ctx: Koa.Context, model: JoinedModel): void {
    render(ctx, 'joining/joined.njk', model);
  }

  router.get(
    PATH,
    page((ctx) => showCode(ctx, 'none')),
  );
  router.post(
    PATH,
    formOf(
      front,
      () => 'join',
      async (ctx, form) => {
        const typed = form.one('code');
        if (typed.trim() === '') return showCode(ctx, 'missing');
        const code = asCode(typed);
        if (code === undefined || (await invitations.find(code)) === undefined)
          return showCode(ctx, 'unknown');
        ctx.status = 303;
        ctx.redirect(`${PATH}/${code}`);
      },
    ),
  );

  router.get(
    `${PATH}/:code`,
    page(async (ctx) => {
      const invitation = await invitations.find(placeIn(ctx, 'code'));
      if (invitation === undefined) showOver(front, ctx, 'invitation');
      else show(ctx, invitation, 'none');
    }),
  );
  router.post(
    `${PATH}/:code`,
    formOf(front, aboutCode, async (ctx, form) => {
      const code = placeIn(ctx, 'code');
      const invitation = await invitations.find(code);
      if (invitation === undefined) return showOver(front, ctx, 'invitation');
      const typed = form.one('email');
      const email = invitation.proved ? invitation.email : readEmail(typed);
      if (email === undefined) return show(ctx, invitation, 'email', typed);
      const chosen = chosenPassword(form);
      if ('problem' in chosen) return show(ctx, invitation, chosen.problem, email);
      try {
        const joined = await invitations.join(code, { email, password: chosen.password });
        if (joined.kind === 'joined') showJoined(ctx, { kind: joined.verified ? 'proved' : 'joined', email });
        else if (joined.kind === 'sent') showJoined(ctx, { kind: 'sent', email });
        else if (joined.kind === 'password') show(ctx, invitation, joined.fault, email);
        else if (joined.kind === 'tooMany') show(ctx, invitation, 'tooMany', email);
        else showOver(front, ctx, joined.kind === 'person' ? 'person' : 'invitation');
      } catch (error) {
        if (!hasCode(error, 'overloaded')) throw error;
        ctx.status = 503;
        ctx.set('Retry-After', String(BUSY));
        show(ctx, invitation, 'busy', email);
      }
    }),
  );
}
