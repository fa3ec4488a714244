import type Koa from 'koa';
import type { Credentials } from '../../accounts/index.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { AccountFront } from './account-routes.ts';
import { addAuthenticator } from './authenticator.ts';
import { addPasskeys } from './passkeys.ts';
import { addPassword } from './password.ts';
import { addRecoveryCodes } from './recovery-codes.ts';
import { addSecurity } from './security.ts';

/** What the pages about signing in need of the rest. */
export interface SecurityPagesOptions {
  readonly credentials: Credentials;
  /** Counts tries at the password. */
  readonly guard: SignInGuard;
  readonly sourceOf: (ctx: Koa.Context) => string;
  /** Ends sessions in other browsers. */
  readonly sessions: Pick<Sessions, 'signOutEverywhere'>;
}

/** The pages below `/account/security`, on which somebody sees and changes how she signs in. */
export function addSecurityPages(front: AccountFront, options: SecurityPagesOptions): void {
  const { credentials } = options;
  addSecurity(front, credentials);
  addPassword(front, options);
  addPasskeys(front, credentials);
  addAuthenticator(front, credentials);
  addRecoveryCodes(front, credentials);
}
