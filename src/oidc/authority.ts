import type { Account } from '../accounts/index.ts';
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
}

/** Connects tokens to the decision of the person that they came from. */
export function createAuthority(options: { consents: Consents; states: RequestStates }): Authority {
  const { consents, states } = options;
  return {
    async of(ctx, grantId, account) {
      const state = states.of(ctx);
      state.consents ??= new Map();
      const known = state.consents.get(grantId) ?? consents.ofGrant(grantId);
      state.consents.set(grantId, known);
      const consent = await known;
      if (consent?.accountId !== account.id) return undefined;
      // The record may have been linked to the wrong account when the decision was made.
      return consent.patient === undefined || consent.patient === account.patient ? consent : undefined;
    },
  };
}
