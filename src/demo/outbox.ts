import type Koa from 'koa';
import type { Mail, WaitingMail } from '../mail/index.ts';

/** A piece of a paragraph: words, or an address of ours that can be opened. */
interface Piece {
  readonly text: string;
  /** Path of the address; `''` for words. */
  readonly href: string;
}

/** What `demo/outbox.njk` shows. */
export interface OutboxModel {
  readonly mails: readonly {
    readonly to: string;
    readonly subject: string;
    readonly at: Date;
    readonly paragraphs: readonly (readonly Piece[])[];
  }[];
}

/** Parts a paragraph at the addresses of ours in it. */
function piecesOf(paragraph: string, issuer: string): readonly Piece[] {
  return paragraph.split(/(https?:\/\/\S+)/).flatMap((text) => {
    if (text === '') return [];
    const isOurs = text.startsWith(`${issuer}/`);
    return [{ text, href: isOurs ? text.slice(issuer.length) : '' }];
  });
}

/** The mails that wait, as a page shows them. */
export function outboxModel(mails: readonly WaitingMail[], issuer: string): OutboxModel {
  return {
    mails: mails.map(({ to, subject, text, createdAt }) => ({
      to,
      subject,
      at: createdAt,
      paragraphs: text
        .trim()
        .split(/\n{2,}/)
        .map((paragraph) => piecesOf(paragraph, issuer)),
    })),
  };
}

/** Answers `/demo/outbox`: mail that nobody is sent, because the demonstration has no mail server. */
export function createOutbox(options: {
  issuer: string;
  newest: Mail['newest'];
  render: (ctx: Koa.Context, template: string, model: object) => void;
}): Koa.Middleware {
  const { issuer, newest, render } = options;
  return async (ctx, next) => {
    if (ctx.path !== '/demo/outbox' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.set('Cache-Control', 'no-store');
    render(ctx, 'demo/outbox.njk', outboxModel(await newest(), issuer));
  };
}
