import type { ConsentList } from '../../consents/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { AccountFront } from './account-routes.ts';

/** The first page of the account: where everything is. */
export function addOverview(
  front: AccountFront,
  options: {
    readonly consents: Pick<ConsentList, 'count'>;
    readonly sessions: Pick<Sessions, 'list'>;
  },
): void {
  const { consents, sessions } = options;
  front.get('', async (visit) => {
    const { id } = visit.person.account;
    const [applications, devices] = await Promise.all([consents.count(id), sessions.list(id)]);
    front.show(visit, 'account/overview.njk', { applications, devices: devices.length });
  });
}
