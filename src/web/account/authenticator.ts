import { encode } from 'uqr';
import type { AuthenticatorSetup, Credentials } from '../../accounts/index.ts';
import { type AccountFront, type AccountVisit, sensitive } from './account-routes.ts';
import { SECURITY } from './security.ts';
import type { AuthenticatorModel, NewAuthenticatorModel } from './security-models.ts';

/** Squares around a QR code that stay white (ISO/IEC 18004 section 9.1). */
const QUIET = 4;

/** A QR code as the path of an SVG, one unit a square. */
function qrCode(text: string): NewAuthenticatorModel['qr'] {
  const { size, data } = encode(text, { ecc: 'M', border: QUIET });
  const rows = data.map((row, y) => row.map((black, x) => (black ? `M${x} ${y}h1v1h-1z` : '')).join(''));
  return { size, path: rows.join('') };
}

/** The pages on which somebody sets up an authenticator app, says when it is asked for, and removes it. */
export function addAuthenticator(front: AccountFront, credentials: Credentials): void {
  const { authenticators, recoveryCodes } = credentials;

  function showNew(
    visit: AccountVisit,
    { key, uri, sealed }: AuthenticatorSetup,
    problem: NewAuthenticatorModel['problem'],
  ): void {
    const groups = key.match(/.{1,4}/g) ?? [];
    const model: NewAuthenticatorModel = { key: groups.join(' '), sealed, qr: qrCode(uri), problem };
    front.show(visit, 'account/authenticator-new.njk', model);
  }

  front.get(
    '/security/authenticator',
    async (visit) => {
      const { id, name } = visit.person.account;
      const found = await authenticators.find(id);
      if (found === undefined) return showNew(visit, authenticators.begin(id, name), 'none');
      const model: AuthenticatorModel = found;
      front.show(visit, 'account/authenticator.njk', model);
    },
    sensitive,
  );

  /** Keeps the app that was begun with, if its code is right; whoever has no recovery codes is led to them. */
  async function confirm(visit: AccountVisit, sealed: string, code: string): Promise<void> {
    const { account } = visit.person;
    const { id, name } = account;
    const fault = await authenticators.confirm(account, sealed, code);
    // Where her session is over by now, that page sends her to sign in.
    if (fault === 'exists' || fault === 'over') return front.done(visit, `${SECURITY}/authenticator`);
    if (fault === undefined) {
      const next = (await recoveryCodes.count(id)) === 0 ? `${SECURITY}/recovery-codes` : SECURITY;
      return front.done(visit, next, 'authenticator-added');
    }
    const again = fault === 'code' ? authenticators.resume(id, name, sealed) : undefined;
    if (again === undefined) showNew(visit, authenticators.begin(id, name), 'expired');
    else showNew(visit, again, 'code');
  }

  front.post(
    '/security/authenticator',
    async (visit, form) => {
      const { id } = visit.person.account;
      switch (form.one('decision')) {
        case 'remove':
          await authenticators.remove(id);
          return front.done(visit, SECURITY, 'authenticator-removed');
        case 'when':
          await authenticators.setAlways(id, form.one('when') === 'always');
          return front.done(visit, SECURITY, 'authenticator-changed');
        default:
          await confirm(visit, form.one('sealed'), form.one('code'));
      }
    },
    sensitive,
  );
}
