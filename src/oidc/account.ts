import type { Configuration, FindAccount } from 'oidc-provider';
import type { Account, Accounts } from '../accounts/index.ts';
import type { Authority } from './authority.ts';
import type { RequestState, RequestStates } from './request-state.ts';

/** Which claims come with which scope (OpenID Connect Core section 5.4, SMART App Launch 2.2). */
export const claimsByScope: NonNullable<Configuration['claims']> = {
  openid: ['sub'],
  profile: ['name'],
  fhirUser: ['fhirUser'],
};

/** The FHIR resource that is the person who signed in, relative to the FHIR base. */
export function fhirUserOf(account: Account): string | undefined {
  if (account.practitioner !== undefined) return `Practitioner/${account.practitioner}`;
  return account.patient === undefined ? undefined : `Patient/${account.patient}`;
}

/** As `fhirUserOf`, as an absolute URL at the API that the token is for. */
export function fhirUserAt(account: Account, api: RequestState['api']): string | undefined {
  const relative = fhirUserOf(account);
  return relative === undefined || api?.profile !== 'smart' ? undefined : `${api.audience}/${relative}`;
}

/**
 * `findAccount`: the person behind a session, code or token. A disabled account, and a grant whose consent has ended,
 * are nobody: so nothing is issued from them, in the transaction that would issue it.
 */
export function createFindAccount(options: {
  accounts: Accounts;
  authority: Authority;
  states: RequestStates;
}): FindAccount {
  const { accounts, authority, states } = options;
  return async (ctx, sub, token) => {
    const account = await accounts.find(sub);
    if (account === undefined) return undefined;
    const state = states.of(ctx);
    state.account = account;
    if (token !== undefined && 'grantId' in token && typeof token.grantId === 'string') {
      const consent = await authority.of(ctx, token.grantId);
      if (consent?.accountId !== sub || consent.clientId !== token.clientId) return undefined;
    }
    return {
      accountId: sub,
      claims: async () => ({ sub, name: account.name, fhirUser: fhirUserAt(account, state.api) }),
    };
  };
}
