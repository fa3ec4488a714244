import type Koa from 'koa';
import type { Assets } from './assets.ts';
import type { Asking, Languages } from './languages.ts';
import { DEFAULT_LANGUAGE, type Locale } from './locales.ts';
import { createRenderer, type Renderer } from './render.ts';

/** A renderer for each language. */
export interface Renderers {
  /** For a language, such as an account's; one that we do not have (any more) becomes English. */
  in(tag: string): Renderer;
  /** For the language of a request. */
  of(asking: Asking): Renderer;
}

/** Makes a renderer for each language. @param timeZone in which days and times are told */
export function createRenderers(options: {
  locales: readonly Locale[];
  languages: Languages;
  assets: Assets;
  timeZone: string;
}): Renderers {
  const { locales, languages, ...rest } = options;
  const all = new Map(locales.map((locale) => [locale.tag, createRenderer({ ...rest, locale })]));

  function renderer(tag: string): Renderer {
    const found = all.get(tag) ?? all.get(DEFAULT_LANGUAGE);
    if (found === undefined) throw new Error(`There is no locales/${DEFAULT_LANGUAGE}.json`);
    return found;
  }

  return { in: renderer, of: (asking) => renderer(languages.of(asking)) };
}

/** Answers a request with a page in its language. The status is for the caller to set. */
export type Render = (ctx: Koa.Context, template: string, model: object) => void;

/** Makes what shows pages. */
export function createRender(renderers: Renderers): Render {
  return (ctx, template, model) => {
    const renderer = renderers.of(ctx);
    ctx.body = renderer.render(template, model);
    ctx.type = 'html';
    ctx.set('Content-Language', renderer.language);
    ctx.vary('Accept-Language');
    ctx.vary('Cookie');
  };
}
