import type Koa from 'koa';
import { type AccountFrontOptions, createAccountFront } from './account-routes.ts';
import { type ApplicationsOptions, addApplications } from './applications.ts';
import { createNotices } from './notices.ts';
import type { SecurityPagesOptions } from './security.ts';
import { addSecurityPages } from './security-pages.ts';
import { createWayIn } from './way-in.ts';

/** What the account pages need of the rest. */
export interface AccountPagesOptions
  extends Omit<AccountFrontOptions, 'wayIn' | 'notices'>,
    ApplicationsOptions,
    SecurityPagesOptions {
  readonly issuer: string;
  /** Secret, the same on all nodes. */
  readonly wayInKey: string;
}

/** The pages on which a person sees and undoes everything, one file a topic. */
export function createAccountPages(options: AccountPagesOptions): Koa.Middleware {
  const { issuer, wayInKey } = options;
  const { front, middleware } = createAccountFront({
    ...options,
    wayIn: createWayIn({ issuer, key: wayInKey }),
    notices: createNotices(options),
  });
  front.get('', (visit) => front.show(visit, 'account/overview.njk', {}));
  addSecurityPages(front, options);
  addApplications(front, options);
  return middleware;
}
