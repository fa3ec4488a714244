import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import type { AddressOptions } from './address.ts';
import { SECURITY, type SecurityPagesOptions } from './security.ts';
import type { PasswordFirstModel } from './security-models.ts';

/** What the page needs of the rest. */
export type FirstPasswordOptions = Pick<SecurityPagesOptions, 'credentials' | 'sourceOf'> &
  Pick<AddressOptions, 'people' | 'mailGuard'>;

/**
 * The page on which somebody who only signs in elsewhere gets a password here. She has just signed in there, and the link goes to an
 * address that she has shown to be hers: so it is chosen where passwords are chosen that nobody knows.
 */
export function addFirstPassword(front: AccountFront, options: FirstPasswordOptions): void {
  const { credentials, people, mailGuard, sourceOf } = options;

  function show(
    visit: AccountVisit,
    { problem = 'none', minutes = 0 }: Partial<Pick<PasswordFirstModel, 'problem' | 'minutes'>> = {},
  ): void {
    const { email = '' } = visit.person.account;
    const model: PasswordFirstModel = {
      problem: problem === 'none' && email === '' ? 'unverified' : problem,
      ...{ email, minutes },
    };
    front.show(visit, 'account/password-first.njk', model);
  }

  /** Whoever has one changes it. */
  const without = (work: (visit: AccountVisit) => Promise<void> | void) => async (visit: AccountVisit) => {
    if (await credentials.hasPassword(visit.person.account.id)) front.done(visit, `${SECURITY}/password`);
    else await work(visit);
  };

  front.get(
    '/security/password/new',
    without((visit) => show(visit)),
    sensitive,
  );
  front.post(
    '/security/password/new',
    without(async (visit) => {
      const { ctx, person } = visit;
      const leave = await mailGuard.attempt({
        identifier: person.account.id,
        of: 'first-password',
        source: sourceOf(ctx),
        known: undefined,
      });
      if ('retryAfter' in leave) {
        ctx.status = 429;
        ctx.set('Retry-After', String(leave.retryAfter));
        return show(visit, { problem: 'limited', minutes: Math.ceil(leave.retryAfter / 60) });
      }
      const begun = await people.resets.begin(person.account.id);
      // Each counts: nobody's mailbox is to be filled.
      await leave.failed();
      if (begun !== 'sent') return show(visit, { problem: begun });
      front.done(visit, SECURITY, 'address-sent');
    }),
    sensitive,
  );
}
