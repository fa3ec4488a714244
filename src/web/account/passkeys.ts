import type { Credentials, PasskeyFault } from '../../accounts/index.ts';
import { allowScripts } from '../security-headers.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { passkeyModel, SECURITY } from './security.ts';
import type { NewPasskeyModel, PasskeyPageModel } from './security-models.ts';

/** What challenges for new passkeys are bound to: this session, at this page. */
const pageOf = ({ person }: AccountVisit) => `account ${person.uid} passkeys`;

/** The pages on which somebody adds a passkey, and names or removes one of hers. */
export function addPasskeys(front: AccountFront, { passkeys }: Pick<Credentials, 'passkeys'>): void {
  async function showNew(
    visit: AccountVisit,
    name: string,
    problem: NewPasskeyModel['problem'],
  ): Promise<void> {
    const options = await passkeys.creationOptions(visit.person.account, pageOf(visit));
    const model: NewPasskeyModel = { options: JSON.stringify(options), name, problem };
    allowScripts(visit.ctx);
    front.show(visit, 'account/passkey-new.njk', model);
  }

  /** The page of one of her passkeys; of any other there is nothing to be found. */
  async function showOne(
    visit: AccountVisit,
    name: string | undefined,
    problem: PasskeyPageModel['problem'],
  ): Promise<void> {
    const { id } = visit.ctx.params;
    const found = (await passkeys.list(visit.person.account.id)).find((one) => one.id === id);
    if (found === undefined) return front.missing(visit);
    const model: PasskeyPageModel = { passkey: passkeyModel(found), name: name ?? found.name, problem };
    front.show(visit, 'account/passkey.njk', model);
  }

  async function answer(visit: AccountVisit, name: string | undefined, fault: PasskeyFault): Promise<void> {
    if (fault === 'name' || fault === 'last-way') await showOne(visit, name, fault);
    else front.missing(visit);
  }

  front.get('/security/passkeys/new', (visit) => showNew(visit, '', 'none'), sensitive);
  front.post(
    '/security/passkeys/new',
    async (visit, form) => {
      const name = form.one('name');
      const offer = { page: pageOf(visit), response: form.one('response'), name };
      const fault = await passkeys.add(visit.person.account, offer);
      if (fault === undefined) return front.done(visit, SECURITY, 'passkey-added');
      // The page looks at her session again, which is over most likely.
      if (fault === 'over') return front.done(visit, visit.ctx.path);
      await showNew(visit, name, fault === 'last-way' ? 'refused' : fault);
    },
    sensitive,
  );

  front.get('/security/passkeys/:id', (visit) => showOne(visit, undefined, 'none'), sensitive);
  front.post(
    '/security/passkeys/:id',
    async (visit, form) => {
      const { id } = visit.ctx.params;
      const owner = visit.person.account.id;
      if (form.one('decision') === 'remove') {
        const fault = await passkeys.remove(owner, String(id));
        if (fault === undefined) return front.done(visit, SECURITY, 'passkey-removed');
        return answer(visit, undefined, fault);
      }
      const name = form.one('name');
      const fault = await passkeys.rename(owner, String(id), name);
      if (fault === undefined) return front.done(visit, SECURITY, 'passkey-renamed');
      await answer(visit, name, fault);
    },
    sensitive,
  );
}
