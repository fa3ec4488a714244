import type Provider from 'oidc-provider';
import type { Clock } from '../../clock.ts';
import { lifetimes } from '../lifetimes.ts';
import type { HttpExchange } from './question.ts';

type Session = InstanceType<Provider['Session']>;

/** Lets a browser session go on while it is used outside the library's own routes. */
export interface SessionLife {
  /**
   * Lets a session live as long again as one that lies idle, its cookie too, but never beyond its last end. Nothing is written
   * where that would add little.
   */
  extend(at: HttpExchange, session: Session): Promise<void>;
}

/** Seconds that are worth writing. */
const WORTH = 300;

/** Makes what lets sessions go on. */
export function createSessionLife(options: {
  issuer: string;
  clock: Clock;
  provider: () => Provider;
}): SessionLife {
  const { issuer, clock, provider } = options;
  const secure = issuer.startsWith('https:');
  return {
    async extend({ req, res }, session) {
      if (session.exp === undefined) return;
      const now = clock.seconds();
      const end = (session.loginTs ?? now) + lifetimes.sessionEnd;
      const seconds = Math.min(lifetimes.sessionIdle, end - now);
      if (seconds - (session.exp - now) < WORTH) return;
      await session.save(seconds);
      const { cookies } = provider().createContext(req, res);
      cookies.secure = secure;
      const expires = new Date(clock.now().getTime() + seconds * 1000);
      const attributes = { signed: true, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const;
      cookies.set(provider().cookieName('session'), session.jti, { ...attributes, path: '/', expires });
    },
  };
}
