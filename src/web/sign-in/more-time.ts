import type { Router, RouterMiddleware } from '@koa/router';
import type { Interactions } from '../../oidc/index.ts';
import type { Form, Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Render } from '../renderers.ts';
import { minutesLeft } from './closing.ts';
import type { MoreTimeModel } from './models.ts';
import type { Visit } from './question-pages.ts';

/**
 * The page that asks whether somebody needs more time: browsers without script are led there before a question closes. With
 * script the question's own page asks, and its form is answered by 204, so that the browser stays where it is and keeps
 * what was typed.
 */
export function createMoreTimePages(options: {
  interactions: Pick<Interactions, 'find' | 'moreTime'>;
  forms: Pick<Forms, 'token'>;
  render: Render;
  showFault: ShowFault;
}) {
  const { interactions, forms, render, showFault } = options;

  function show({ ctx, uid, question }: Visit, kind: MoreTimeModel['kind']): void {
    const model: MoreTimeModel = {
      kind,
      action: `/interaction/${uid}/time`,
      csrf: forms.token(uid),
      minutes: minutesLeft(question.closes.seconds),
      back: `/interaction/${uid}`,
    };
    render(ctx, 'sign-in/more-time.njk', model);
  }

  async function extend(visit: Visit, form: Form): Promise<void> {
    const { ctx, at, uid } = visit;
    const given = await interactions.moreTime(at, uid);
    if (given === undefined) showFault(ctx, { kind: 'expired' });
    else if (!given) show(visit, 'last');
    else if (form.one('stay') !== '') ctx.status = 204;
    else {
      ctx.status = 303;
      ctx.redirect(`/interaction/${uid}`);
    }
  }

  return {
    /** Adds `/:uid/time`. @param handler finds the question behind a form */
    addTo(
      router: Router,
      handler: (work: (visit: Visit, form: Form) => Promise<void>) => RouterMiddleware,
    ): void {
      router.get('/:uid/time', async (ctx) => {
        ctx.set('Cache-Control', 'no-store');
        const uid = String(ctx.params.uid);
        const at = { req: ctx.req, res: ctx.res };
        const question = await interactions.find(at, uid);
        if (question === undefined) showFault(ctx, { kind: 'expired' });
        else show({ ctx, at, uid, question }, question.closes.later ? 'ask' : 'last');
      });
      router.post('/:uid/time', handler(extend));
    },
  };
}
