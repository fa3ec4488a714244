import type { Account, Accounts } from '../../accounts/index.ts';
import { aboveRole } from '../../authorisation/index.ts';
import type { Api } from '../../catalogue/index.ts';
import type { Client } from '../../clients/index.ts';
import type { Consent, Consents } from '../../consents/index.ts';
import type { PractitionerRole, Practitioners } from '../../practitioners/index.ts';
import type { Records } from '../record-choice.ts';
import type { RequestStates } from '../request-state.ts';

type Contextual = Parameters<RequestStates['of']>[0];

/** A token that came from a grant. */
export interface GrantedToken {
  readonly grantId: string;
  readonly client: Client;
  readonly api: Api;
  readonly scopes: readonly string[];
}

/** Finds what stands behind a grant. */
export interface GrantValidity {
  /**
   * The live consent from which a grant was made, looked up once a request. Undefined once either of them ended, and when
   * it is not this account's decision about its own record.
   */
  consentOf(ctx: Contextual, grantId: string, account: Account): Promise<Consent | undefined>;
  /** The role in which a decision was made, if she has it still and at the organisation of the client. */
  roleOf(consent: Consent, client: Client | undefined): Promise<PractitionerRole | undefined>;
  /**
   * Whether a token is still covered by what stands behind its grant: the decision that it was made from, the account of
   * whoever decided, and the role in which, which must still reach so far.
   */
  isLive(ctx: Contextual, token: GrantedToken): Promise<boolean>;
}

/** Connects tokens to the decision of the person that they came from. */
export function createGrantValidity(options: {
  accounts: Accounts;
  consents: Consents;
  practitioners: Practitioners;
  records: Records;
  states: RequestStates;
}): GrantValidity {
  const { accounts, consents, practitioners, records, states } = options;

  function behind(ctx: Contextual, grantId: string): Promise<Consent | undefined> {
    const state = states.of(ctx);
    state.consents ??= new Map();
    const known = state.consents.get(grantId) ?? consents.ofGrant(grantId);
    state.consents.set(grantId, known);
    return known;
  }

  async function consentOf(ctx: Contextual, grantId: string, account: Account): Promise<Consent | undefined> {
    const consent = await behind(ctx, grantId);
    if (consent?.accountId !== account.id) return undefined;
    return (await records.mayStillOpen(account, consent)) ? consent : undefined;
  }

  async function roleOf(consent: Consent, client: Client | undefined): Promise<PractitionerRole | undefined> {
    if (consent.role === undefined) return undefined;
    const role = await practitioners.role(consent.role);
    const here = role?.accountId === consent.accountId && role.organization === client?.organization?.key;
    return here ? role : undefined;
  }

  return {
    consentOf,
    roleOf,
    async isLive(ctx, { grantId, client, api, scopes }) {
      const consent = await behind(ctx, grantId);
      if (consent?.clientId !== client.clientId) return false;
      const account = await accounts.find(consent.accountId);
      if (account === undefined || (await consentOf(ctx, grantId, account)) === undefined) return false;
      const role = await roleOf(consent, client);
      if (role === undefined) return consent.role === undefined;
      return aboveRole(role, api, scopes).length === 0;
    },
  };
}
