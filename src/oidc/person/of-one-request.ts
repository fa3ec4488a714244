import type { RequestStates } from '../request-state.ts';
import type { Browser } from './browser.ts';
import type { HttpExchange, Interactions } from './question.ts';

/**
 * Lets pages that the library knows nothing of share what they look up: what each of their HTTP requests asks for belongs to
 * that request.
 */
export function ofOneRequest(
  states: RequestStates,
  parts: { readonly interactions: Interactions; readonly browser: Browser },
): { interactions: Interactions; browser: Browser } {
  const { interactions, browser } = parts;
  const during =
    <A extends readonly unknown[], R>(work: (at: HttpExchange, ...rest: A) => R) =>
    (at: HttpExchange, ...rest: A): R =>
      states.during(at, () => work(at, ...rest));
  return {
    interactions: {
      find: during(interactions.find),
      signIn: during(interactions.signIn),
      chooseRole: during(interactions.chooseRole),
      allow: during(interactions.allow),
      deny: during(interactions.deny),
      moreTime: during(interactions.moreTime),
      switchAccount: during(interactions.switchAccount),
    },
    browser: { signedIn: during(browser.signedIn) },
  };
}
