import type { Credentials } from '../../accounts/index.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { SECURITY } from './security.ts';
import type { RecoveryCodesModel } from './security-models.ts';

/** The page on which somebody makes recovery codes. The answer to its form is the only page that ever shows them. */
export function addRecoveryCodes(front: AccountFront, { recoveryCodes, authenticators }: Credentials): void {
  /** They stand in for the code of an app: whoever has none sets one up first. */
  const withApp = (work: (visit: AccountVisit) => Promise<void>) => async (visit: AccountVisit) => {
    const app = await authenticators.find(visit.person.account.id);
    if (app === undefined) front.done(visit, `${SECURITY}/authenticator`);
    else await work(visit);
  };

  front.get(
    '/security/recovery-codes',
    withApp(async (visit) => {
      const model: RecoveryCodesModel = {
        codes: [],
        left: await recoveryCodes.count(visit.person.account.id),
      };
      front.show(visit, 'account/recovery-codes.njk', model);
    }),
    sensitive,
  );
  front.post(
    '/security/recovery-codes',
    withApp(async (visit) => {
      const codes = await recoveryCodes.make(visit.person.account.id);
      // The app was taken out meanwhile.
      if (codes.length === 0) return front.done(visit, `${SECURITY}/authenticator`);
      const model: RecoveryCodesModel = { codes, left: codes.length };
      front.show(visit, 'account/recovery-codes.njk', model);
    }),
    sensitive,
  );
}
