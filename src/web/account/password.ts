import type Koa from 'koa';
import { type Credentials, SHORTEST_PASSWORD } from '../../accounts/index.ts';
import { hasCode } from '../../errors.ts';
import type { SignInGuard } from '../../limits/index.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { SECURITY } from './security.ts';
import type { PasswordModel } from './security-models.ts';

/** Seconds after which trying again may help, where too many passwords waited to be checked. */
const BUSY = 2;

/**
 * The page on which somebody changes her password. The one before is asked for, and tries at it are counted like those of
 * signing in: a browser that was left alone gives nobody as many as she likes.
 */
export function addPassword(
  front: AccountFront,
  options: {
    credentials: Credentials;
    guard: SignInGuard;
    sourceOf: (ctx: Koa.Context) => string;
  },
): void {
  const { credentials, guard, sourceOf } = options;

  function show(visit: AccountVisit, problem: PasswordModel['problem'], wait = 0): void {
    if (wait > 0) visit.ctx.set('Retry-After', String(wait));
    const model: PasswordModel = { problem, least: SHORTEST_PASSWORD, minutes: Math.ceil(wait / 60) };
    front.show(visit, 'account/password.njk', model);
  }

  front.get('/security/password', (visit) => show(visit, 'none'), sensitive);

  front.post(
    '/security/password',
    async (visit, form) => {
      const { ctx, person } = visit;
      const [current, next, again] = [form.one('current'), form.one('next'), form.one('again')];
      if (current === '' || next === '') return show(visit, 'missing');
      if (next !== again) return show(visit, 'different');
      const identifier = `account ${person.account.id}`;
      const leave = await guard.attempt({ identifier, source: sourceOf(ctx), known: undefined });
      if ('retryAfter' in leave) {
        ctx.status = 429;
        return show(visit, 'limited', leave.retryAfter);
      }
      try {
        const fault = await credentials.changePassword(person.account.id, current, next);
        await (fault === 'wrong' ? leave.failed() : leave.succeeded());
        if (fault !== undefined) return show(visit, fault);
      } catch (error) {
        await leave.unused();
        if (!hasCode(error, 'overloaded')) throw error;
        ctx.status = 503;
        return show(visit, 'busy', BUSY);
      }
      front.done(visit, SECURITY, 'password-changed');
    },
    sensitive,
  );
}
