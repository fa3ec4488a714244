import { interactionPolicy, type interactionPolicy as Policy } from 'oidc-provider';
import { lifetimes } from './lifetimes.ts';

/**
 * When a person is asked to sign in or to consent: the library's own reasons, and two of ours about sessions. The
 * library would take a session whose account was disabled for signed in, and has no end for one that is kept busy.
 */
export function createPrompts(): Policy.DefaultPolicy {
  const { base, Check } = interactionPolicy;
  const prompts = base();
  const login = prompts.get('login');
  login?.checks.add(
    new Check(
      'account_gone',
      'the account cannot be used',
      'login_required',
      ({ oidc }) => oidc.session?.accountId !== undefined && oidc.account === undefined,
    ),
  );
  login?.checks.add(
    new Check('session_ended', 'the session has ended', 'login_required', ({ oidc }) => {
      const { session, result } = oidc;
      return session?.accountId !== undefined && !result?.login && session.past(lifetimes.sessionEnd);
    }),
  );
  return prompts;
}
