import type Koa from 'koa';
import type { Credentials, Passkey } from '../../accounts/index.ts';
import type { SignInGuard } from '../../limits/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { AccountFront } from './account-routes.ts';
import type { PasskeyModel, SecurityModel } from './security-models.ts';

/** What the pages about signing in need of the rest. */
export interface SecurityPagesOptions {
  readonly credentials: Credentials;
  /** Counts tries at the password. */
  readonly guard: SignInGuard;
  readonly sourceOf: (ctx: Koa.Context) => string;
  /** Ends sessions in other browsers. */
  readonly sessions: Pick<Sessions, 'signOutEverywhere'>;
}

/** Where the pages about signing in are. */
export const SECURITY = '/account/security';

/** A passkey as pages show it. */
export const passkeyModel = (passkey: Passkey): PasskeyModel => ({
  href: `${SECURITY}/passkeys/${passkey.id}`,
  name: passkey.name,
  synced: passkey.synced,
  createdAt: passkey.createdAt,
  lastUsedAt: passkey.lastUsedAt ?? null,
});

/** How somebody signs in: what there is, and where it is changed. */
export function addSecurity(front: AccountFront, credentials: Credentials): void {
  front.get('/security', async (visit) => {
    const { id } = visit.person.account;
    const authenticator = await credentials.authenticators.find(id);
    const model: SecurityModel = {
      password: await credentials.hasPassword(id),
      passkeys: (await credentials.passkeys.list(id)).map(passkeyModel),
      authenticator: authenticator === undefined ? 'none' : authenticator.always ? 'always' : 'needed',
      codes: await credentials.recoveryCodes.count(id),
    };
    front.show(visit, 'account/security.njk', model);
  });
}
