import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { DEFAULT_LANGUAGE } from './locales.ts';

/** A request, as Node, Koa or the library hands it on. */
export interface Asking {
  readonly req: IncomingMessage;
}

/** In which language a request is answered. */
export interface Languages {
  /** Tags of the languages there are. */
  readonly tags: readonly string[];
  /** The language of a request. */
  of(asking: Asking): string;
  /**
   * Notes what the application asked for, where the address does not say it: `ui_locales` of an authorisation request
   * (OpenID Connect Core section 3.1.2.1), kept with an interaction or pushed. It goes before all else.
   */
  asked(asking: Asking, uiLocales: unknown): void;
  /** Keeps a person's choice in her browser for a year; a tag that we do not have changes nothing. */
  keep(ctx: Context, tag: string): void;
}

/** The first language wanted that there is, found by leaving parts off its end (RFC 4647 section 3.4, "Lookup"). */
export function matchLanguage(tags: readonly string[], wanted: readonly string[]): string | undefined {
  for (const range of wanted) {
    const parts = range.toLowerCase().split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const shorter = parts.slice(0, length).join('-');
      const found = tags.find((tag) => tag.toLowerCase() === shorter);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Languages of an `Accept-Language` header, the most wanted first; what is not wanted at all is left out (RFC 9110 section 12.5.4). */
export function acceptedLanguages(header: string): readonly string[] {
  return header
    .split(',')
    .map((item) => {
      const [range = '', ...parameters] = item.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { range, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ range, quality }) => range !== '' && quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ range }) => range);
}

const COOKIE = 'assent_language';
const YEAR = 365 * 24 * 60 * 60;

function cookieOf({ req }: Asking): string {
  const pairs = (req.headers.cookie ?? '').split(/;\s*/);
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
}

/** The languages that `ui_locales` names, if it is a text at all. */
const named = (uiLocales: unknown): readonly string[] =>
  typeof uiLocales === 'string' ? uiLocales.split(' ').filter(Boolean) : [];

/** `ui_locales` in the address itself. */
function inAddress({ req }: Asking): readonly string[] {
  const query = (req.url ?? '').split('?', 2)[1];
  return query === undefined ? [] : named(new URLSearchParams(query).get('ui_locales'));
}

/** Finds the language of requests: `ui_locales`, else the browser's cookie, else `Accept-Language`, else English. */
export function createLanguages(options: { issuer: string; tags: readonly string[] }): Languages {
  const { issuer, tags } = options;
  const noted = new WeakMap<IncomingMessage, string>();
  const secure = issuer.startsWith('https:');

  return {
    tags,
    of(asking) {
      const { req } = asking;
      return (
        noted.get(req) ??
        matchLanguage(tags, inAddress(asking)) ??
        matchLanguage(tags, [cookieOf(asking)]) ??
        matchLanguage(tags, acceptedLanguages(req.headers['accept-language'] ?? '')) ??
        DEFAULT_LANGUAGE
      );
    },
    asked({ req }, uiLocales) {
      const found = matchLanguage(tags, named(uiLocales));
      if (found !== undefined) noted.set(req, found);
    },
    keep(ctx, tag) {
      if (!tags.includes(tag)) return;
      const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Max-Age=${YEAR}`];
      if (secure) attributes.push('Secure');
      ctx.append('Set-Cookie', [`${COOKIE}=${tag}`, ...attributes].join('; '));
      noted.set(ctx.req, tag);
    },
  };
}
