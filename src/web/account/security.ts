import type { Credentials, Passkey } from '../../accounts/index.ts';
import type { AccountFront } from './account-routes.ts';
import type { PasskeyModel, SecurityModel } from './security-models.ts';

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
