import { randomBytes } from 'node:crypto';
import type Koa from 'koa';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';
import type { Connection, SignIn } from './connection.ts';
import type { ResultRow } from './rows.ts';

/** What Kete Health keeps of one browser. */
export interface Session {
  /** Sign-ins that were begun and not answered yet, under their `state`: each tab has its own. */
  readonly signIns: LRUCache<string, SignIn>;
  /** The access that was given, once there is one. */
  connection: Connection | undefined;
  /** The blood pressure that was added last, as the record keeps it. */
  added: ResultRow | undefined;
}

/** Sessions in memory, each behind a random 256-bit id in a cookie. */
export interface Sessions {
  /** The session of the request's browser. */
  find(ctx: Koa.Context): Session | undefined;
  /** The session of the request's browser, begun if there is none. */
  open(ctx: Koa.Context): Session;
  /** Gives a session a new id (after a sign-in, so that an id known before it is worth nothing). */
  renew(ctx: Koa.Context, session: Session): void;
  /** Forgets everything that is kept of the browser. */
  end(ctx: Koa.Context): void;
}

const COOKIE = 'kete';

/** Sessions at most, and the milliseconds after which one is forgotten. */
const MOST_SESSIONS = 1000;
const LIFETIME = 60 * 60 * 1000;

/** Sign-ins at most that one browser may have under way. */
const MOST_SIGN_INS = 20;

/** @param secure whether the cookie travels over https only */
export function createSessions({ clock, secure }: { clock: Clock; secure: boolean }): Sessions {
  const sessions = new LRUCache<string, Session>({
    max: MOST_SESSIONS,
    ttl: LIFETIME,
    ttlResolution: 0,
    perf: { now: () => clock.now().getTime() },
  });
  // The application around may sign its own cookies; a random id needs no signature.
  const attributes = { path: '/demo', httpOnly: true, sameSite: 'lax', secure, signed: false } as const;

  function idOf(ctx: Koa.Context): string | undefined {
    return ctx.cookies.get(COOKIE, { signed: false });
  }

  function setCookie(ctx: Koa.Context, id: string | null): void {
    // TLS may end at a proxy before us, which the cookie library takes for an insecure connection and refuses.
    ctx.cookies.secure = secure;
    ctx.cookies.set(COOKIE, id, { ...attributes, overwrite: true });
  }

  function keep(ctx: Koa.Context, session: Session): void {
    const id = randomBytes(32).toString('base64url');
    sessions.set(id, session);
    setCookie(ctx, id);
  }

  function find(ctx: Koa.Context): Session | undefined {
    const id = idOf(ctx);
    return id === undefined ? undefined : sessions.get(id);
  }

  return {
    find,
    open(ctx) {
      const present = find(ctx);
      if (present !== undefined) return present;
      const session: Session = {
        signIns: new LRUCache({ max: MOST_SIGN_INS }),
        connection: undefined,
        added: undefined,
      };
      keep(ctx, session);
      return session;
    },
    renew(ctx, session) {
      sessions.delete(idOf(ctx) ?? '');
      keep(ctx, session);
    },
    end(ctx) {
      const session = find(ctx);
      // Emptied as well: two answers at once may have left it under two ids.
      session?.signIns.clear();
      if (session !== undefined) session.connection = undefined;
      sessions.delete(idOf(ctx) ?? '');
      setCookie(ctx, null);
    },
  };
}
