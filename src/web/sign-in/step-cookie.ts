import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Clock } from '../../clock.ts';
import { isObject } from '../../text.ts';

/** What somebody has proved so far of one sign-in. */
export interface Step {
  readonly accountId: string;
  readonly acr: string;
  readonly amr: readonly string[];
  /** When the first of it was, in seconds since 1970. */
  readonly signedInAt: number;
  /** Of her account, when she proved it (`proofVersionOf` in accounts/account.ts). */
  readonly proofVersion: number;
}

/** Seconds in which a sign-in that was begun with a password has to be finished. */
export const STEP_LIFE = 600;

/**
 * The steps of a sign-in that is not finished, kept by the browser alone: in a cookie that is signed and good for one
 * interaction, so nothing is stored for somebody who has only typed a password, and no other browser can go on with it.
 */
export interface StepCookie {
  /** Undefined without one, and for one that is another interaction's, too old or not ours. */
  read(ctx: Context, uid: string): Step | undefined;
  set(ctx: Context, uid: string, step: Step): void;
  clear(ctx: Context, uid: string): void;
}

function parse(text: string): Step | undefined {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) return undefined;
  // A node of the version before writes no version of the proofs (docs/adr/0010).
  const { accountId, acr, amr, signedInAt, proofVersion = 0 } = value;
  if (typeof accountId !== 'string' || typeof acr !== 'string' || !Array.isArray(amr)) return undefined;
  if (typeof signedInAt !== 'number' || typeof proofVersion !== 'number') return undefined;
  return { accountId, acr, amr: amr.map(String), signedInAt, proofVersion };
}

/** Makes the cookie. @param key secret, the same on all nodes */
export function createStepCookie(options: { issuer: string; key: string; clock: Clock }): StepCookie {
  const { key, clock } = options;
  const secure = options.issuer.startsWith('https:');
  const name = `${secure ? '__Secure-' : ''}assent_step`;

  const sign = (uid: string, content: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify(['step', uid, content]))
      .digest('base64url');

  function write(ctx: Context, uid: string, value: string, maxAge: number): void {
    const attributes = [`Path=/interaction/${uid}`, 'HttpOnly', 'SameSite=Lax', `Max-Age=${maxAge}`];
    if (maxAge === 0) attributes.push('Expires=Thu, 01 Jan 1970 00:00:00 GMT');
    if (secure) attributes.push('Secure');
    ctx.append('Set-Cookie', [`${name}=${value}`, ...attributes].join('; '));
  }

  return {
    read(ctx, uid) {
      const [content = '', signature = ''] = (ctx.cookies.get(name) ?? '').split('.');
      const [expected, sent] = [Buffer.from(sign(uid, content)), Buffer.from(signature)];
      if (expected.length !== sent.length || !timingSafeEqual(expected, sent)) return undefined;
      const step = parse(Buffer.from(content, 'base64url').toString('utf8'));
      return step !== undefined && step.signedInAt + STEP_LIFE > clock.seconds() ? step : undefined;
    },
    set(ctx, uid, step) {
      const content = Buffer.from(JSON.stringify(step)).toString('base64url');
      write(ctx, uid, `${content}.${sign(uid, content)}`, STEP_LIFE);
    },
    clear: (ctx, uid) => write(ctx, uid, '', 0),
  };
}
