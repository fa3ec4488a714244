import type Koa from 'koa';
import type { Renderer } from './render.ts';

/** What the first page shows. */
export interface LandingModel {
  issuer: string;
  version: string;
  /** False in production: then neither commands nor the lists of APIs and clients are shown. */
  demo: boolean;
  /** Where a visitor tries it as a patient, and whom to sign in as; null outside the demo. */
  demoApp: { uri: string; account: string; password: string } | null;
  apis: {
    id: string;
    audience: string;
    profile: string;
    scopes: { text: string; sentence: string }[];
  }[];
  clients: { clientId: string; organization: string; authentication: string; api: string; scopes: string }[];
  /** `title` is a locale key. */
  commands: { title: string; command: string }[];
}

/** What the first page needs. The model is asked for on each visit, so that it shows the catalogue as it is. */
export interface LandingDependencies {
  render: Renderer['render'];
  model: () => Promise<LandingModel>;
}

/** Answers `GET /`: what runs here, what to try, and where the addresses are. */
export function createLanding({ render, model }: LandingDependencies): Koa.Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.body = render('landing.njk', await model());
    ctx.type = 'html';
    ctx.set('Cache-Control', 'no-store');
  };
}
