import type Koa from 'koa';
import type { OidcPages } from '../../oidc/index.ts';
import type { ShowFault } from '../page-faults.ts';
import type { Render } from '../renderers.ts';
import { allowFormsTo } from '../security-headers.ts';
import type { ContinueModel, SignedOutModel, SignOutModel } from './models.ts';

/** Renders the pages that the OAuth side shows. */
export function createOauthPages(options: { render: Render; showFault: ShowFault }): OidcPages {
  const { render, showFault } = options;

  function page(ctx: Koa.Context, template: string, model: object, targets: readonly string[]): void {
    allowFormsTo(ctx, targets);
    render(ctx, template, model);
  }

  return {
    refused(ctx, { status, error, description, client }) {
      if (status >= 500) showFault(ctx, { kind: status === 503 ? 'unavailable' : 'unexpected' });
      else showFault(ctx, { kind: 'badRequest', code: error, description, wayOn: client });
    },
    interrupted: (ctx, client) => showFault(ctx, { kind: 'interrupted', wayOn: client }),
    expired: (ctx) => showFault(ctx, { kind: 'expired' }),
    forbidden: (ctx) => showFault(ctx, { kind: 'forbidden' }),
    signOut(ctx, { formTargets, ...model }) {
      page(ctx, 'sign-in/sign-out.njk', model satisfies SignOutModel, formTargets);
    },
    signedOut(ctx, model) {
      page(ctx, 'sign-in/signed-out.njk', model satisfies SignedOutModel, []);
    },
    goOn(ctx, { formTargets, ...model }) {
      page(ctx, 'sign-in/continue.njk', model satisfies ContinueModel, formTargets);
    },
  };
}
