import type { Consent, Consents } from '../consents/index.ts';
import type { RequestStates } from './request-state.ts';

type Contextual = Parameters<RequestStates['of']>[0];

/** Finds what stands behind a grant. */
export interface Authority {
  /** The live consent from which a grant was made, looked up once a request; undefined once either of them ended. */
  of(ctx: Contextual, grantId: string): Promise<Consent | undefined>;
}

/** Connects tokens to the decision of the person that they came from. */
export function createAuthority(options: { consents: Consents; states: RequestStates }): Authority {
  const { consents, states } = options;
  return {
    of(ctx, grantId) {
      const state = states.of(ctx);
      state.consents ??= new Map();
      const known = state.consents.get(grantId) ?? consents.ofGrant(grantId);
      state.consents.set(grantId, known);
      return known;
    },
  };
}
