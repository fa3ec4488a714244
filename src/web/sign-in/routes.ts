import { Router, type RouterMiddleware } from '@koa/router';
import type Koa from 'koa';
import type { SignInGuard } from '../../limits/index.ts';
import type { HttpExchange, Interactions, Next } from '../../oidc/index.ts';
import type { Upstream } from '../../upstream/index.ts';
import type { Form, Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Render } from '../renderers.ts';
import { createMoreTimePages } from './more-time.ts';
import { createPasswordStep, type PasswordDependencies } from './password.ts';
import { createQuestionPages, type Visit } from './question-pages.ts';
import { createStepPages } from './step-pages.ts';
import { createSteps, type SignInVisit, type StepDependencies } from './steps.ts';

/** What the pages under `/interaction/` need. */
export interface SignInDependencies
  extends Omit<StepDependencies, 'pages' | 'answerWith' | 'interactions' | 'guard'>,
    Omit<PasswordDependencies, 'pages' | 'steps' | 'guard'> {
  readonly interactions: Interactions;
  readonly guard: SignInGuard;
  readonly forms: Forms;
  readonly render: Render;
  readonly showFault: ShowFault;
  /** Identity sources at which somebody may sign in instead. */
  readonly offered: Upstream['offered'];
  /** A day as people write it in the language of the page. */
  readonly formatDay: (ctx: Koa.Context, at: Date) => string;
  /** Whether this node's clock can be relied on: a decision that it dates wrongly would hold for too long. */
  readonly isOnTime: () => boolean;
}

const isSignIn = (visit: Visit): visit is SignInVisit => visit.question.kind === 'sign-in';

/**
 * The pages on which a person signs in and decides: one address a question, `GET` shows it, `POST` answers it. A
 * question that is no longer open is a page that says so.
 */
export function createSignIn(dependencies: SignInDependencies): Koa.Middleware {
  const { interactions, credentials, forms, showFault, sourceOf, isOnTime } = dependencies;
  const pages = createQuestionPages({ ...dependencies, passkeys: credentials.passkeys });
  const stepPages = createStepPages({
    ...dependencies,
    signIn: (visit, problem) => pages.signIn(visit, '', problem ?? 'none'),
  });
  const steps = createSteps({ ...dependencies, pages: stepPages, answerWith });
  const takePassword = createPasswordStep({ ...dependencies, pages, steps });
  const moreTime = createMoreTimePages(dependencies);

  /** Sends the browser on. 303: the form that was sent, with its password, goes nowhere else (RFC 9700 section 4.12). */
  function goOn(ctx: Koa.Context, next: Next & { location: string }): void {
    ctx.status = 303;
    ctx.redirect(next.location);
  }

  function answerWith({ ctx, uid }: Visit, next: Next): void {
    if ('location' in next) goOn(ctx, next);
    else if (next.fault === 'expired') showFault(ctx, { kind: 'expired' });
    // Somebody may have taken her time while a role ended, or she took something back elsewhere: the page is open as it is now.
    else showFault(ctx, { kind: 'forbidden', again: `/interaction/${uid}` });
  }

  async function chooseRole(visit: Visit, form: Form): Promise<void> {
    const { ctx, at, uid, question } = visit;
    if (question.kind !== 'role') return showFault(ctx, { kind: 'expired' });
    if (form.one('decision') === 'switch') return answerWith(visit, await interactions.switchAccount(at));
    const chosen = form.one('role');
    if (chosen === '') return pages.role(visit, question, 'nothing-chosen');
    answerWith(visit, await interactions.chooseRole(at, uid, chosen));
  }

  async function decide(visit: Visit, form: Form): Promise<void> {
    const { ctx, at, uid, question } = visit;
    const decision = form.one('decision');
    const source = sourceOf(ctx);
    if (question.kind === 'sign-in' || question.kind === 'role') return showFault(ctx, { kind: 'expired' });
    if (decision === 'switch') return answerWith(visit, await interactions.switchAccount(at));
    if (decision === 'deny') return answerWith(visit, await interactions.deny(at, uid, source));
    if (decision !== 'allow' || question.kind !== 'consent') return showFault(ctx, { kind: 'forbidden' });
    const ticked = form.all('line');
    const next = await interactions.allow(at, uid, ticked, source);
    if ('fault' in next && next.fault === 'nothing-chosen')
      pages.consent(visit, question, { ticked, problem: 'nothing-chosen' });
    else answerWith(visit, next);
  }

  /** Finds what is open at the address, and for a form that it is really from there. */
  function handler(work: (visit: Visit, form: Form) => Promise<void>): RouterMiddleware {
    return async (ctx) => {
      ctx.set('Cache-Control', 'no-store');
      if (!isOnTime()) return showFault(ctx, { kind: 'unavailable' });
      const { uid } = ctx.params;
      const at: HttpExchange = { req: ctx.req, res: ctx.res };
      // All of the form first: whoever holds it back finds the question as it is by then.
      const form = await forms.read(ctx, String(uid));
      const question = await interactions.find(at, String(uid));
      if (question === undefined) return showFault(ctx, { kind: 'expired' });
      if ('fault' in form)
        return showFault(ctx, {
          kind: form.fault === 'unreadable' ? 'badRequest' : form.fault,
          again: form.fault === 'forbidden' ? `/interaction/${uid}` : undefined,
        });
      await work({ ctx, at, uid: String(uid), question }, form);
    };
  }

  const router = new Router({ prefix: '/interaction' });
  router.get('/:uid', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    if (!isOnTime()) return showFault(ctx, { kind: 'unavailable' });
    const { uid } = ctx.params;
    const at: HttpExchange = { req: ctx.req, res: ctx.res };
    const question = await interactions.find(at, String(uid));
    if (question === undefined) showFault(ctx, { kind: 'expired' });
    else {
      const visit: Visit = { ctx, at, uid: String(uid), question };
      if (isSignIn(visit)) await steps.open(visit);
      else pages.open(visit);
    }
  });
  const signingIn = (work: (visit: SignInVisit, form: Form) => Promise<void>) =>
    handler(async (visit, form) => {
      if (isSignIn(visit)) await work(visit, form);
      else showFault(visit.ctx, { kind: 'expired' });
    });
  router.post('/:uid/sign-in', signingIn(takePassword));
  router.post('/:uid/code', signingIn(steps.code));
  router.post('/:uid/passkey', signingIn(steps.passkey));
  router.post('/:uid/own-passkey', signingIn(steps.ownPasskey));
  router.post('/:uid/new-passkey', signingIn(steps.newPasskey));
  router.post('/:uid/restart', signingIn(steps.restart));
  router.post('/:uid/role', handler(chooseRole));
  router.post('/:uid/consent', handler(decide));
  moreTime.addTo(router, handler);
  router.post(
    '/:uid/cancel',
    handler(async (visit) =>
      answerWith(visit, await interactions.deny(visit.at, visit.uid, sourceOf(visit.ctx))),
    ),
  );
  return router.routes() as Koa.Middleware;
}
