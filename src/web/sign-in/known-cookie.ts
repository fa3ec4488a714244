import type { Context } from 'koa';

/** The cookie by which a browser is known in which somebody signed in before. Its value is for `limits` to read. */
export interface KnownCookie {
  read(ctx: Context): string | undefined;
  set(ctx: Context, value: string): void;
}

/** @param maxAge seconds */
export function createKnownCookie({ issuer, maxAge }: { issuer: string; maxAge: number }): KnownCookie {
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Host-' : ''}assent_known`;
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAge}`];
  if (secure) attributes.push('Secure');
  return {
    read: (ctx) => ctx.cookies.get(name),
    set: (ctx, value) => ctx.append('Set-Cookie', [`${name}=${value}`, ...attributes].join('; ')),
  };
}
