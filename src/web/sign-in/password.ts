import type Koa from 'koa';
import { type Account, methods } from '../../accounts/index.ts';
import type { Clock } from '../../clock.ts';
import { hasCode } from '../../errors.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { Form } from '../forms.ts';
import type { KnownCookie } from './known-cookie.ts';
import type { NewBrowser } from './new-browser.ts';
import type { QuestionPages } from './question-pages.ts';
import type { SignInVisit, Steps } from './steps.ts';

/** What the first page of a sign-in needs. */
export interface PasswordDependencies {
  /** Who has this identifier and this password. @throws Overloaded */
  readonly signIn: (identifier: string, password: string) => Promise<Account | undefined>;
  /** Counts tries before a password is looked at. */
  readonly guard: Pick<SignInGuard, 'attempt'>;
  readonly newBrowser: NewBrowser;
  readonly knownCookie: KnownCookie;
  readonly clock: Clock;
  /** Counts a sign-in that failed: something was wrong, or not looked at because there were too many tries. */
  readonly onRefused: (source: string, error: 'sign_in_refused' | 'sign_in_limited') => void;
  readonly sourceOf: (ctx: Koa.Context) => string;
  readonly pages: Pick<QuestionPages, 'signIn'>;
  readonly steps: Pick<Steps, 'proved'>;
}

const isOverload = (error: unknown) => hasCode(error, 'overloaded');

/** Takes a name and a password, and goes on to the next step. */
export function createPasswordStep(dependencies: PasswordDependencies) {
  const { signIn, guard, newBrowser, knownCookie, clock, onRefused, sourceOf, pages, steps } = dependencies;

  return async (visit: SignInVisit, form: Form): Promise<void> => {
    const { ctx } = visit;
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
      account = await signIn(identifier, password);
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
    // Before the next step: whoever knows her password and has no code is told of, too.
    await newBrowser.password(ctx, account, leave);
    await steps.proved(visit, { account, acr: '1', amr: methods.password, signedInAt: clock.seconds() });
  };
}
