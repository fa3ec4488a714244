import type Koa from 'koa';
import type { Logger } from 'pino';
import { type Assets, createAssets } from './assets.ts';
import { createForms, type Forms } from './forms.ts';
import { createShowFault, type ShowFault } from './page-faults.ts';
import { createRenderer, type Renderer } from './render.ts';
import { createSecurityHeaders } from './security-headers.ts';

/** What every page is made with, whoever it is for. */
export interface Pages {
  readonly assets: Assets;
  readonly renderer: Renderer;
  readonly forms: Forms;
  readonly showFault: ShowFault;
  /** Sets the headers of a page. */
  readonly headers: Koa.Middleware;
}

/** Puts together what every page is made with. @param formKey secret, the same on all nodes */
export function createPages(options: { issuer: string; formKey: string; log: Logger }): Pages {
  const { issuer, formKey, log } = options;
  const assets = createAssets();
  const renderer = createRenderer({ locale: 'en', assets });
  return {
    assets,
    renderer,
    forms: createForms({ issuer, key: formKey }),
    showFault: createShowFault({ renderer, log }),
    headers: createSecurityHeaders({ issuer, formAction: ["'self'"] }),
  };
}
