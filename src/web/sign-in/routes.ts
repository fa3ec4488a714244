import { Router, type RouterMiddleware } from '@koa/router';
import type Koa from 'koa';
import type { Account } from '../../accounts/index.ts';
import { hasCode } from '../../errors.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { HttpExchange, Interactions, Next } from '../../oidc/index.ts';
import type { Upstream } from '../../upstream/index.ts';
import type { Form, Forms } from '../forms.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Render } from '../renderers.ts';
import type { KnownCookie } from './known-cookie.ts';
import { createMoreTimePages } from './more-time.ts';
import { createQuestionPages, type Visit } from './question-pages.ts';

/** What the pages under `/interaction/` need. */
export interface SignInDependencies {
  readonly interactions: Interactions;
  /** Who has this identifier and this password. @throws Overloaded */
  readonly signIn: (identifier: string, password: string) => Promise<Account | undefined>;
  /** Counts tries before a password is looked at. */
  readonly guard: SignInGuard;
  readonly knownCookie: KnownCookie;
  readonly forms: Forms;
  readonly render: Render;
  readonly showFault: ShowFault;
  /** A day as people write it in the language of the page. */
  /** Identity sources at which somebody may sign in instead. */
  readonly offered: Upstream['offered'];
  readonly formatDay: (ctx: Koa.Context, at: Date) => string;
  /** Counts a sign-in that failed: the password was wrong, or not looked at because there were too many tries. */
  readonly onRefused: (source: string, error: 'sign_in_refused' | 'sign_in_limited') => void;
  readonly sourceOf: (ctx: Koa.Context) => string;
  /** Whether this node's clock can be relied on: a decision that it dates wrongly would hold for too long. */
  readonly isOnTime: () => boolean;
}

const isOverload = (error: unknown) => hasCode(error, 'overloaded');

/**
 * The pages on which a person signs in and decides: one address a question, `GET` shows it, `POST` answers it. Without
 * script; a question that is no longer open is a page that says so.
 */
export function createSignIn(dependencies: SignInDependencies): Koa.Middleware {
  const { interactions, forms, showFault, onRefused, sourceOf, guard, knownCookie, isOnTime } = dependencies;
  const pages = createQuestionPages(dependencies);
  const moreTime = createMoreTimePages(dependencies);

  /** Sends the browser on. 303: the form that was sent, with its password, goes nowhere else (RFC 9700 section 4.12). */
  function goOn(ctx: Koa.Context, next: Next & { location: string }): void {
    ctx.status = 303;
    ctx.redirect(next.location);
  }

  function answerWith({ ctx }: Visit, next: Next): void {
    if ('location' in next) goOn(ctx, next);
    else showFault(ctx, { kind: next.fault === 'expired' ? 'expired' : 'forbidden' });
  }

  async function signIn(visit: Visit, form: Form): Promise<void> {
    const { ctx, at } = visit;
    const [identifier, password] = [form.one('identifier'), form.one('password')];
    if (identifier.trim() === '' || password === '') return pages.signIn(visit, identifier, 'missing');
    const source = sourceOf(ctx);
    const leave = await guard.attempt({ identifier, source, known: knownCookie.read(ctx) });
    if ('retryAfter' in leave) {
      onRefused(source, 'sign_in_limited');
      ctx.status = 429;
      return pages.signIn(visit, identifier, 'limited', leave.retryAfter);
    }
    let account: Account | undefined;
    try {
      account = await dependencies.signIn(identifier, password);
    } catch (error) {
      await leave.unused();
      if (!isOverload(error)) throw error;
      ctx.status = 503;
      return pages.signIn(visit, identifier, 'busy', 2);
    }
    if (account === undefined) {
      await leave.failed();
      onRefused(source, 'sign_in_refused');
      return pages.signIn(visit, identifier, 'wrong');
    }
    knownCookie.set(ctx, await leave.succeeded());
    answerWith(visit, await interactions.signIn(at, account, source));
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
      const question = await interactions.find(at, String(uid));
      const form = await forms.read(ctx, String(uid));
      if (question === undefined) return showFault(ctx, { kind: 'expired' });
      if ('fault' in form)
        return showFault(ctx, { kind: form.fault === 'unreadable' ? 'badRequest' : form.fault });
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
    else await pages.open({ ctx, at, uid: String(uid), question });
  });
  router.post(
    '/:uid/sign-in',
    handler(async (visit, form) => {
      if (visit.question.kind === 'sign-in') await signIn(visit, form);
      else showFault(visit.ctx, { kind: 'expired' });
    }),
  );
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
