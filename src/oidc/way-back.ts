import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import { lifetimes } from './lifetimes.ts';

/** Everything below the authorisation endpoint, where the library goes on after an answer. */
const resumePath = /^\/auth\/./i;

/**
 * Ties the way back from the sign-in page to the browser in which the password was typed.
 *
 * The interaction alone does not: its cookies may have been planted by somebody else, who would then be signed in as
 * whoever types her password (session fixation). The proof is the same however often the form is sent, so that a button
 * pressed twice still leads on.
 */
export interface WayBackTie {
  /** Gives the browser the proof that in it somebody signed in to an interaction. */
  tie(res: ServerResponse, uid: string, accountId: string): void;
  /** Refuses a way back after a sign-in to a browser without the proof. */
  readonly middleware: Middleware;
}

/**
 * Makes the tie.
 *
 * @param key secret, the same on all nodes
 * @param provider asked for lazily, because the middleware is part of it
 */
export function createWayBackTie(options: {
  issuer: string;
  key: string;
  provider: () => Provider;
  /** Answers a browser that may not go on. */
  refuse: (ctx: Context) => void;
}): WayBackTie {
  const { issuer, key, provider, refuse } = options;
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_proof`;

  const proofOf = (uid: string, accountId: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([uid, accountId]))
      .digest('base64url');

  function holds(req: IncomingMessage, proof: string): boolean {
    const expected = Buffer.from(`${name}=${proof}`);
    return (req.headers.cookie ?? '').split(/;\s*/).some((pair) => {
      const sent = Buffer.from(pair);
      return expected.length === sent.length && timingSafeEqual(expected, sent);
    });
  }

  return {
    tie(res, uid, accountId) {
      const attributes = ['HttpOnly', 'SameSite=Lax', `Max-Age=${lifetimes.interaction}`];
      if (secure) attributes.push('Secure');
      res.appendHeader(
        'Set-Cookie',
        [`${name}=${proofOf(uid, accountId)}`, `Path=/auth/${uid}`, ...attributes].join('; '),
      );
    },
    async middleware(ctx, next) {
      if (!resumePath.test(ctx.path)) return next();
      // The library goes by this cookie, whatever the address says.
      const uid = ctx.cookies.get(provider().cookieName('resume'), { signed: true });
      if (uid === undefined) return next();
      const interaction = await provider().Interaction.find(uid);
      const login = interaction?.result?.login;
      // A consent's way back is tied already: the library asks for the session in which it was given.
      if (interaction?.prompt.name !== 'login' || login === undefined) return next();
      if (holds(ctx.req, proofOf(uid, login.accountId))) return next();
      refuse(ctx);
    },
  };
}
