import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Middleware } from 'koa';
import type Provider from 'oidc-provider';
import { lifetimes } from './lifetimes.ts';

/** `/auth/{uid}`, where the library goes on after an answer. Its router ignores case and a closing slash. */
const resumePath = /^\/auth\/([\w-]+)\/?$/i;

const hashed = (text: string) => createHash('sha256').update(text).digest('base64url');

/**
 * Ties the way back from the sign-in page to the browser in which the password was typed.
 *
 * The interaction alone does not: its cookies may have been planted by somebody else, who would then be signed in as
 * whoever types her password (session fixation).
 */
export interface WayBackTie {
  /** Gives the browser a proof for the way back, and what to keep of it in the interaction's result. */
  tie(res: ServerResponse, uid: string): string;
  /** Refuses a way back after a sign-in to a browser without the proof. */
  readonly middleware: Middleware;
}

/** Makes the tie; `provider` is asked for lazily, because the middleware is part of it. */
export function createWayBackTie(options: {
  issuer: string;
  provider: () => Provider;
  /** Answers a browser that may not go on. */
  refuse: (ctx: Context) => void;
}): WayBackTie {
  const { issuer, provider, refuse } = options;
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_proof`;

  function holds(req: IncomingMessage, kept: string): boolean {
    const sent = (req.headers.cookie ?? '').split(/;\s*/).filter((pair) => pair.startsWith(`${name}=`));
    return sent.some((pair) => {
      const [expected, found] = [Buffer.from(kept), Buffer.from(hashed(pair.slice(name.length + 1)))];
      return expected.length === found.length && timingSafeEqual(expected, found);
    });
  }

  return {
    tie(res, uid) {
      const proof = randomBytes(32).toString('base64url');
      const attributes = ['HttpOnly', 'SameSite=Lax', `Max-Age=${lifetimes.interaction}`];
      if (secure) attributes.push('Secure');
      res.appendHeader('Set-Cookie', [`${name}=${proof}`, `Path=/auth/${uid}`, ...attributes].join('; '));
      return hashed(proof);
    },
    async middleware(ctx, next) {
      const uid = resumePath.exec(ctx.path)?.[1];
      const interaction = uid === undefined ? undefined : await provider().Interaction.find(uid);
      const { prompt, result } = interaction ?? {};
      // A consent's way back is tied already: the library asks for the session in which it was given.
      if (prompt?.name !== 'login' || result?.login === undefined) return next();
      if (typeof result.proof === 'string' && holds(ctx.req, result.proof)) return next();
      refuse(ctx);
    },
  };
}
