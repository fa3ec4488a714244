import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { ACCOUNT_CALLBACK, accountClientId } from '../../clients/index.ts';

/** What a page asks of a sign-in. */
export interface Needs {
  /** Seconds for which a sign-in counts. */
  readonly fresh?: number | undefined;
  /** The least that it must have proved: `1` to `3` (docs/adr/0011). */
  readonly acr?: string | undefined;
}

/** Where somebody was going who had to sign in first, and with what she was to sign in. */
export interface Destination extends Needs {
  /** A path below `/account`, with its query. */
  readonly to: string;
}

/** The way in to our own account pages: an authorisation request as any application sends it (docs/adr/0011). */
export interface WayIn {
  /** Sends a browser to sign in. */
  begin(ctx: Context, destination: Destination): void;
  /** Where the browser was going that comes back; undefined where it did not begin here, or that was long ago. */
  end(ctx: Context): Destination | undefined;
}

/** How long somebody may take to sign in, in seconds. */
const LONGEST = 2 * 60 * 60;

/** Longest address that is gone back to, in characters. */
const LONGEST_ADDRESS = 500;

/** An address of ours that somebody can be led back to. */
const isOurs = (to: string) => to.length <= LONGEST_ADDRESS && /^\/account(?:[/?][!-~]*)?$/.test(to);

/**
 * Makes the way in. The `state` says where to go, and is bound to the browser by a cookie: so several windows can be on their
 * way at once, and no other browser follows.
 *
 * @param key secret, the same on all nodes
 */
export function createWayIn({ issuer, key }: { issuer: string; key: string }): WayIn {
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_way`;
  const attributes = ['Path=/account', 'HttpOnly', 'SameSite=Lax', `Max-Age=${LONGEST}`];
  if (secure) attributes.push('Secure');

  const sign = (browser: string, content: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([browser, content]))
      .digest('base64url');
  const browserOf = (ctx: Context) => /^[\w-]{22}$/.exec(ctx.cookies.get(name) ?? '')?.[0];

  return {
    begin(ctx, { to, fresh, acr }) {
      const browser = browserOf(ctx) ?? randomBytes(16).toString('base64url');
      const destination: Destination = { to: isOurs(to) ? to : '/account', fresh, acr };
      const content = Buffer.from(JSON.stringify(destination)).toString('base64url');
      // The code is never exchanged, so nobody needs to know what the challenge was made of (RFC 7636 section 4.2).
      const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
      const request = new URLSearchParams({
        client_id: accountClientId,
        response_type: 'code',
        redirect_uri: `${issuer}${ACCOUNT_CALLBACK}`,
        scope: 'openid',
        state: `${content}.${sign(browser, content)}`,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...(fresh === undefined ? {} : { max_age: String(fresh) }),
        ...(acr === undefined ? {} : { acr_values: acr }),
      });
      ctx.append('Set-Cookie', [`${name}=${browser}`, ...attributes].join('; '));
      ctx.status = 303;
      ctx.redirect(`/auth?${request}`);
    },
    end(ctx) {
      const [content = '', sent = ''] = String(ctx.query.state ?? '').split('.');
      const browser = browserOf(ctx);
      if (browser === undefined) return undefined;
      const [expected, given] = [Buffer.from(sign(browser, content)), Buffer.from(sent)];
      if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
      return JSON.parse(Buffer.from(content, 'base64url').toString()) as Destination;
    },
  };
}
