import type { Clock } from '../../clock.ts';
import type { ConsentList } from '../../consents/index.ts';
import type { Sessions } from '../../oidc/index.ts';
import type { AccountFront } from './account-routes.ts';

/** The first page of the account: where everything is. */
export function addOverview(
  front: AccountFront,
  options: {
    readonly clock: Clock;
    readonly consents: Pick<ConsentList, 'list'>;
    readonly sessions: Pick<Sessions, 'list'>;
  },
): void {
  const { clock, consents, sessions } = options;
  front.get('', async (visit) => {
    const { id } = visit.person.account;
    const [live, devices] = await Promise.all([consents.list(id, clock.now()), sessions.list(id)]);
    front.show(visit, 'account/overview.njk', { applications: live.length, devices: devices.length });
  });
}
