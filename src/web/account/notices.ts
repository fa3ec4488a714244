import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Forms } from '../forms.ts';

/**
 * What a page says has just been done, once, after the form that did it (Post/Redirect/Get). Each has its sentence in
 * `views/account/layout.njk`; nothing of it comes from a request.
 */
export const notices = [
  'language-chosen',
  'signed-out-there',
  'signed-out-everywhere',
  'line-ended',
  'application-ended',
  'password-changed',
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'authenticator-added',
  'authenticator-changed',
  'authenticator-removed',
  'source-added',
  'source-removed',
  'address-sent',
  'address-confirmed',
] as const;

/** One of them; `''`: nothing. */
export type Notice = (typeof notices)[number];

/** Carries a notice from the form to the page that follows. */
export interface Notices {
  /** Says it on the next page of a session. @param session uid */
  leave(ctx: Context, session: string, notice: Notice): void;
  /** Takes what is to be said, once; `''` for nothing. */
  take(ctx: Context, session: string): Notice | '';
}

/** Makes notices: in a cookie that is bound to the session, so that nobody can plant one, and no address says anything. */
export function createNotices({ issuer, forms }: { issuer: string; forms: Pick<Forms, 'token'> }): Notices {
  const secure = issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_notice`;
  const attributes = ['Path=/account', 'HttpOnly', 'SameSite=Lax', ...(secure ? ['Secure'] : [])];
  const wordOf = (session: string, notice: Notice) =>
    `${notice}.${forms.token(`notice ${session} ${notice}`)}`;
  const set = (ctx: Context, value: string, age: number) =>
    ctx.append('Set-Cookie', [`${name}=${value}`, `Max-Age=${age}`, ...attributes].join('; '));

  return {
    leave: (ctx, session, notice) => set(ctx, wordOf(session, notice), 60),
    take(ctx, session) {
      const sent = ctx.cookies.get(name);
      if (sent === undefined) return '';
      set(ctx, '', 0);
      const given = Buffer.from(sent);
      const matches = (notice: Notice) => {
        const expected = Buffer.from(wordOf(session, notice));
        return expected.length === given.length && timingSafeEqual(expected, given);
      };
      return notices.find(matches) ?? '';
    },
  };
}
