import type { Configuration, FindAccount } from 'oidc-provider';
import type { Accounts } from '../../accounts/index.ts';
import { identityHeld } from '../../authorisation/index.ts';
import { hasSmartLaunch } from '../../catalogue/index.ts';
import type { Consents } from '../../consents/index.ts';
import type { GrantValidity } from '../grants/grant-validity.ts';
import type { RequestState, RequestStates } from '../request-state.ts';
import { type IdentityClaims, identityClaimNames, practitionerClaimNames } from './identity-claims.ts';
import type { IsOver } from './sessions.ts';
import { standingIn } from './standing.ts';

/**
 * Which claims come with which scope (OpenID Connect Core section 5.4, SMART App Launch 2.2). How somebody signed in is told
 * without being asked for: the health API security standard wants it in every id_token.
 */
export const claimsByScope: NonNullable<Configuration['claims']> = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name'],
  identity: identityClaimNames,
  practitioner: practitionerClaimNames,
  fhirUser: ['fhirUser'],
};

/**
 * The FHIR resource that is the person who signed in, as a URL at the API that the token is for. Who opens her own record
 * is a Patient, also if she works in health care.
 */
export function fhirUserAt({ account, api, patient }: RequestState): string | undefined {
  if (account === undefined || api === undefined || !hasSmartLaunch(api)) return undefined;
  const own = account.practitioner === undefined ? account.patient : patient;
  if (own !== undefined) return `${api.audience}/Patient/${own}`;
  return account.practitioner === undefined
    ? undefined
    : `${api.audience}/Practitioner/${account.practitioner}`;
}

/**
 * `findAccount`: the person behind a session, code or token. A disabled account, a session that began before she
 * signed out everywhere, and a grant whose consent or role has ended, are nobody: so nothing is issued from them, in the transaction that would issue it.
 */
export function createFindAccount(options: {
  accounts: Accounts;
  consents: Pick<Consents, 'standing'>;
  grantValidity: GrantValidity;
  states: RequestStates;
  isOver: IsOver;
  identityClaims: IdentityClaims;
}): FindAccount {
  const { accounts, consents, grantValidity, states, isOver, identityClaims } = options;

  return async (ctx, sub, token) => {
    const { session, result, client } = ctx.oidc;
    // Behind a token or code: in the transaction that issues from it, as it is then.
    const account =
      token !== undefined || client === undefined
        ? await accounts.find(sub)
        : (await standingIn(states.of(ctx), consents, sub, client.clientId))?.account;
    if (account === undefined) return undefined;
    // Whoever has just signed in is in no list yet.
    if (token === undefined && session !== undefined && !result?.login && (await isOver(session, account)))
      return undefined;
    const state = states.of(ctx);
    state.account = account;
    if (token !== undefined && 'grantId' in token && typeof token.grantId === 'string') {
      const consent = await grantValidity.consentOf(ctx, token.grantId, account);
      if (consent === undefined || consent.clientId !== token.clientId) return undefined;
      const role = await grantValidity.roleOf(consent, state.client);
      if (role?.id !== consent.role) return undefined;
      state.patient = consent.patient;
      state.role = role;
      state.reason = consent.reason;
      state.version = consent.version;
    }
    return {
      accountId: sub,
      claims: async (_use, scope) => {
        // The grant may be older than what the client may have now.
        const held = state.client === undefined ? [] : identityHeld(state.client, state.api);
        return {
          sub,
          ...(held.includes('profile') ? { name: account.name } : {}),
          ...(held.includes('fhirUser') ? { fhirUser: fhirUserAt(state) } : {}),
          ...(await identityClaims.of(
            sub,
            scope.split(' ').filter((one) => held.includes(one)),
          )),
        };
      },
    };
  };
}
