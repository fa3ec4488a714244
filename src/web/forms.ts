import { createHmac, timingSafeEqual } from 'node:crypto';
import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';

/** Longest form of ours, in bytes; a consent with a hundred lines is shorter. */
const LONGEST_FORM = 16_384;

/** What is wrong with a form before its content is looked at. */
export type FormFault = 'forbidden' | 'tooLarge' | 'unreadable';

/** The fields of a form. A field that was sent several times, or not at all, is not one text. */
export interface Form {
  /** The value of a field that was sent once; '' otherwise. */
  one(name: string): string;
  all(name: string): readonly string[];
}

/** Forms that only our own pages can send. */
export interface Forms {
  /** Whether a form was sent from a page of ours, as far as the browser says. */
  isOwn(ctx: Context): boolean;
  /** The token for the forms of one page. @param page what the page is about, such as the id of an interaction */
  token(page: string): string;
  /** Reads a form that was sent from a page. */
  read(ctx: Context, page: string): Promise<Form | { readonly fault: FormFault }>;
  /**
   * Waits for all of a form, before it is known from which page it must be. Whoever sends it says when that is over: what it is
   * judged by, such as a session, is looked up afterwards.
   */
  receive(ctx: Context): Promise<(page: string) => Form | { readonly fault: FormFault }>;
}

const parse = bodyParser({ enableTypes: ['form'], formLimit: LONGEST_FORM });

/** The same-origin rule in both its forms: what browsers say since 2023, and what they said before. */
function isOwn(ctx: Context, origin: string): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site === 'same-origin';
  const sent = ctx.get('Origin');
  return sent === '' || sent === origin;
}

function asForm(body: string): Form {
  const fields = new URLSearchParams(body);
  return {
    one(name) {
      const [value = '', ...more] = fields.getAll(name);
      return more.length === 0 ? value : '';
    },
    all: (name) => fields.getAll(name),
  };
}

/**
 * Protects forms against other sites (OWASP: signed token bound to what the page is about, and the browser's own word on
 * where a request comes from).
 *
 * @param key secret, the same on all nodes
 */
export function createForms(options: { issuer: string; key: string }): Forms {
  const origin = new URL(options.issuer).origin;
  const token = (page: string) => createHmac('sha256', options.key).update(page).digest('base64url');

  const receive: Forms['receive'] = async (ctx) => {
    if (!isOwn(ctx, origin)) return () => ({ fault: 'forbidden' });
    try {
      await parse(ctx, async () => {});
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? error.status : 400;
      return () => ({ fault: status === 413 ? 'tooLarge' : 'unreadable' });
    }
    const body = ctx.request.rawBody ?? '';
    // No page of ours sends U+0000, and the database would fail on it.
    if (/%00|\0/.test(body)) return () => ({ fault: 'forbidden' });
    const form = asForm(body);
    return (page) => {
      const [expected, sent] = [Buffer.from(token(page)), Buffer.from(form.one('csrf'))];
      const matches = expected.length === sent.length && timingSafeEqual(expected, sent);
      return matches ? form : { fault: 'forbidden' };
    };
  };

  return {
    isOwn: (ctx) => isOwn(ctx, origin),
    token,
    receive,
    read: async (ctx, page) => (await receive(ctx))(page),
  };
}
