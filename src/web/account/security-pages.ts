import type { AccountFront } from './account-routes.ts';
import { addAuthenticator } from './authenticator.ts';
import { addPasskeys } from './passkeys.ts';
import { addPassword } from './password.ts';
import { addRecoveryCodes } from './recovery-codes.ts';
import { addSecurity, type SecurityPagesOptions } from './security.ts';

/** The pages below `/account/security`, on which somebody sees and changes how she signs in. */
export function addSecurityPages(front: AccountFront, options: SecurityPagesOptions): void {
  const { credentials } = options;
  addSecurity(front, credentials);
  addPassword(front, options);
  addPasskeys(front, credentials);
  addAuthenticator(front, credentials);
  addRecoveryCodes(front, credentials);
}
