import { SHORTEST_PASSWORD } from '../../accounts/index.ts';
import { hasCode } from '../../errors.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { SECURITY, type SecurityPagesOptions } from './security.ts';
import type { PasswordModel } from './security-models.ts';

/** Seconds after which trying again may help, where too many passwords waited to be checked. */
const BUSY = 2;

/**
 * The page on which somebody changes her password. The one before is asked for, and tries at it are counted like those of
 * signing in: a browser that was left alone gives nobody as many as she likes. Unless she wants it otherwise, she is signed out
 * everywhere else (OWASP ASVS 7.4.3).
 */
export function addPassword(front: AccountFront, options: SecurityPagesOptions): void {
  const { credentials, guard, sourceOf, sessions } = options;

  function show(
    visit: AccountVisit,
    problem: PasswordModel['problem'],
    { elsewhere = true, wait = 0 } = {},
  ): void {
    if (wait > 0) visit.ctx.set('Retry-After', String(wait));
    const minutes = Math.ceil(wait / 60);
    const model: PasswordModel = { problem, least: SHORTEST_PASSWORD, minutes, elsewhere };
    front.show(visit, 'account/password.njk', model);
  }

  front.get(
    '/security/password',
    async (visit) => {
      // Who signs in elsewhere has none to change.
      if (await credentials.hasPassword(visit.person.account.id)) show(visit, 'none');
      else front.missing(visit);
    },
    sensitive,
  );

  front.post(
    '/security/password',
    async (visit, form) => {
      const { ctx, person } = visit;
      const [current, next, again] = [form.one('current'), form.one('next'), form.one('again')];
      const elsewhere = form.one('elsewhere') === 'yes';
      if (current === '' || next === '') return show(visit, 'missing', { elsewhere });
      if (next !== again) return show(visit, 'different', { elsewhere });
      const source = sourceOf(ctx);
      const leave = await guard.attempt({
        identifier: person.account.id,
        of: 'password',
        source,
        known: undefined,
      });
      if ('retryAfter' in leave) {
        ctx.status = 429;
        return show(visit, 'limited', { elsewhere, wait: leave.retryAfter });
      }
      try {
        const fault = await credentials.changePassword(person.account.id, current, next, async () => {
          if (elsewhere) await sessions.signOutEverywhere(person.account.id, { except: person.uid, source });
        });
        await (fault === 'wrong' ? leave.failed() : leave.succeeded());
        if (fault !== undefined) return show(visit, fault, { elsewhere });
      } catch (error) {
        await leave.unused();
        if (!hasCode(error, 'overloaded')) throw error;
        ctx.status = 503;
        return show(visit, 'busy', { elsewhere, wait: BUSY });
      }
      front.done(visit, SECURITY, 'password-changed');
    },
    sensitive,
  );
}
