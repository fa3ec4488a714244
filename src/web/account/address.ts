import type Koa from 'koa';
import type { People } from '../../accounts/index.ts';
import type { SignInGuard } from '../../limits/index.ts';
import { readEmail } from '../../mail/index.ts';
import { placeIn, showOver } from '../joining/front.ts';
import type { Render } from '../renderers.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';

const ADDRESS = '/account/address';

/** What `account/address.njk` shows beside what every account page does. The form sends `csrf` and `email`. */
export interface AddressModel {
  /** Where mail goes, `''` for nowhere. */
  readonly email: string;
  readonly verified: boolean;
  /** As it was typed. */
  readonly typed: string;
  readonly problem: 'none' | 'email' | 'limited';
  /** Minutes until another try may help; 0 where nobody has to wait. */
  readonly minutes: number;
}

/** What `account/address-confirm.njk` shows. The form sends `csrf`. */
export interface AddressConfirmModel {
  readonly action: string;
  readonly email: string;
}

/** What the pages about the contact address need of the rest. */
export interface AddressOptions {
  readonly people: People;
  /** Counts how often a link is asked for. */
  readonly mailGuard: SignInGuard;
  readonly sourceOf: (ctx: Koa.Context) => string;
  readonly render: Render;
}

/** The token in the address of a visit. */
const tokenOf = ({ ctx }: AccountVisit): string => placeIn(ctx, 'token');

/** Where somebody is reached, and how she says that it is somewhere else now. A link counts only for whoever asked for it. */
export function addAddress(front: AccountFront, options: AddressOptions): void {
  const { people, mailGuard, sourceOf } = options;
  const { addresses, directory } = people;

  async function show(
    visit: AccountVisit,
    problem: AddressModel['problem'],
    { typed = '', wait = 0 }: { typed?: string; wait?: number } = {},
  ): Promise<void> {
    const person = await directory.find(visit.person.account.id);
    if (wait > 0) visit.ctx.set('Retry-After', String(wait));
    const model: AddressModel = {
      email: person?.email ?? '',
      verified: person?.emailVerifiedAt !== undefined,
      ...{ typed, problem, minutes: Math.ceil(wait / 60) },
    };
    front.show(visit, 'account/address.njk', model);
  }

  front.get('/address', (visit) => show(visit, 'none'), sensitive);
  front.post(
    '/address',
    async (visit, form) => {
      const { ctx, person } = visit;
      const typed = form.one('email');
      const email = readEmail(typed);
      if (email === undefined) return show(visit, 'email', { typed });
      const leave = await mailGuard.attempt({
        identifier: person.account.id,
        of: 'address',
        source: sourceOf(ctx),
        known: undefined,
      });
      if ('retryAfter' in leave) {
        ctx.status = 429;
        return show(visit, 'limited', { typed, wait: leave.retryAfter });
      }
      await addresses.ask(person.account, email);
      // Each counts: nobody's mailbox is to be filled.
      await leave.failed();
      front.done(visit, ADDRESS, 'address-sent');
    },
    sensitive,
  );

  front.get('/address/:token', async (visit) => {
    const link = await addresses.find(tokenOf(visit));
    if (link === undefined) return showOver(options, visit.ctx, 'address');
    if (link.accountId !== visit.person.account.id) return showOver(options, visit.ctx, 'foreign');
    const model: AddressConfirmModel = { action: visit.ctx.path, email: link.email };
    front.show(visit, 'account/address-confirm.njk', model);
  });
  front.post('/address/:token', async (visit) => {
    const token = tokenOf(visit);
    if (await addresses.confirm(token, visit.person.account)) {
      return front.done(visit, ADDRESS, 'address-confirmed');
    }
    const link = await addresses.find(token);
    showOver(options, visit.ctx, link === undefined ? 'address' : 'foreign');
  });
}
