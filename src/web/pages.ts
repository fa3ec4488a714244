import type Koa from 'koa';
import type { Logger } from 'pino';
import { type Assets, createAssets } from './assets.ts';
import { createForms, type Forms } from './forms.ts';
import { type Asking, createLanguages, type Languages } from './languages.ts';
import { type Locale, readLocales } from './locales.ts';
import { createShowFault, type ShowFault } from './page-faults.ts';
import { createRender, createRenderers, type Render, type Renderers } from './renderers.ts';
import { createSecurityHeaders } from './security-headers.ts';

/** What every page is made with, whoever it is for. */
export interface Pages {
  readonly assets: Assets;
  readonly languages: Languages;
  /** For what is not a page, such as a mail; pages are shown by `render`. */
  readonly renderers: Renderers;
  readonly render: Render;
  /** The language in which a request is answered, to be kept with what was shown. */
  readonly languageOf: (asking: Asking) => string;
  readonly forms: Forms;
  readonly showFault: ShowFault;
  /** Sets the headers of a page. */
  readonly headers: Koa.Middleware;
}

/**
 * Puts together what every page is made with.
 *
 * @param formKey secret, the same on all nodes
 * @param timeZone in which days and times are told
 * @param locales every language there is; tests have one more
 */
export function createPages(options: {
  issuer: string;
  formKey: string;
  timeZone: string;
  log: Logger;
  locales?: readonly Locale[] | undefined;
}): Pages {
  const { issuer, formKey, timeZone, log, locales = readLocales() } = options;
  const assets = createAssets();
  const languages = createLanguages({ issuer, tags: locales.map(({ tag }) => tag) });
  const renderers = createRenderers({ locales, languages, assets, timeZone });
  const render = createRender(renderers);
  return {
    assets,
    languages,
    renderers,
    render,
    languageOf: languages.of,
    forms: createForms({ issuer, key: formKey }),
    showFault: createShowFault({ render, log }),
    headers: createSecurityHeaders({ issuer, formAction: ["'self'"] }),
  };
}
