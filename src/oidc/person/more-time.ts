import type Provider from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { lifetimes } from '../lifetimes.ts';
import type { HttpExchange } from './question.ts';
import type { SessionLife } from './session-life.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Gives a person more time for one page (WCAG 2.2, success criterion 2.2.1: ten times, asked before the time ends). */
export interface MoreTime {
  /** When a page closes for good, however often more time is asked for, in seconds since 1970. */
  lastEnd(details: Details): number;
  /**
   * Lets an interaction live as long again as it did at first, its cookies too, and the session in which it came up.
   *
   * @returns false where it has had all the time there is
   */
  extend(at: HttpExchange, details: Details): Promise<boolean>;
}

/** Makes what gives more time. @throws SessionNotFound when the page was gone on with meanwhile */
export function createMoreTime(options: {
  issuer: string;
  clock: Clock;
  provider: () => Provider;
  sessionLife: SessionLife;
}): MoreTime {
  const { issuer, clock, provider, sessionLife } = options;
  const secure = issuer.startsWith('https:');
  const usual = { signed: true, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const;

  const lastEnd = (details: Details) => (details.iat ?? clock.seconds()) + lifetimes.interactionEnd;

  /** The session may end before the page does; then nobody could answer it. */
  async function extendSession(at: HttpExchange, details: Details): Promise<void> {
    const session = await provider().Session.get(provider().createContext(at.req, at.res));
    if (details.session !== undefined && session.uid === details.session.uid)
      await sessionLife.extend(session);
  }

  return {
    lastEnd,
    async extend(at, details) {
      const now = clock.seconds();
      if (details.exp >= lastEnd(details)) return false;
      // Never less than there is: two tabs may ask at once.
      const end = Math.max(details.exp, Math.min(now + lifetimes.interaction, lastEnd(details)));
      await details.save(end - now);
      const { cookies } = provider().createContext(at.req, at.res);
      cookies.secure = secure;
      const maxAge = (end - now) * 1000;
      const way = new URL(details.returnTo).pathname;
      const page = `/interaction/${details.uid}`;
      cookies.set(provider().cookieName('interaction'), details.uid, { ...usual, path: page, maxAge });
      cookies.set(provider().cookieName('resume'), details.uid, { ...usual, path: way, maxAge });
      await extendSession(at, details);
      return true;
    },
  };
}
