import type { Account, Accounts } from '../accounts/index.ts';
import type { Consent, Consents } from '../consents/index.ts';
import type { RequestStates } from './request-state.ts';

type Contextual = Parameters<RequestStates['of']>[0];

/** Finds what stands behind a grant. */
export interface Authority {
  /**
   * The live consent from which a grant was made, looked up once a request. Undefined once either of them ended, and when
   * it is not this account's decision about its own record.
   */
  of(ctx: Contextual, grantId: string, account: Account): Promise<Consent | undefined>;
  /** Whether a grant is alive: the decision that it was made from, and the account of whoever decided. */
  isLive(ctx: Contextual, grantId: string, clientId: string): Promise<boolean>;
}

/** Connects tokens to the decision of the person that they came from. */
export function createAuthority(options: {
  accounts: Accounts;
  consents: Consents;
  states: RequestStates;
}): Authority {
  const { accounts, consents, states } = options;

  function behind(ctx: Contextual, grantId: string): Promise<Consent | undefined> {
    const state = states.of(ctx);
    state.consents ??= new Map();
    const known = state.consents.get(grantId) ?? consents.ofGrant(grantId);
    state.consents.set(grantId, known);
    return known;
  }

  async function of(ctx: Contextual, grantId: string, account: Account): Promise<Consent | undefined> {
    const consent = await behind(ctx, grantId);
    if (consent?.accountId !== account.id) return undefined;
    // The record may have been linked to the wrong account when the decision was made.
    return consent.patient === undefined || consent.patient === account.patient ? consent : undefined;
  }

  return {
    of,
    async isLive(ctx, grantId, clientId) {
      const consent = await behind(ctx, grantId);
      if (consent?.clientId !== clientId) return false;
      const account = await accounts.find(consent.accountId);
      return account !== undefined && (await of(ctx, grantId, account)) !== undefined;
    },
  };
}
