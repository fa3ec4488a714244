import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../accounts/index.ts';
import { chooseRole, type RoleChoice } from '../authorisation/index.ts';
import { type Api, hasProvenance } from '../catalogue/index.ts';
import type { Client } from '../clients/index.ts';
import type { Practitioners } from '../practitioners/index.ts';
import type { RequestStates } from './request-state.ts';

/** Finds out in which role somebody asks (spine-jwt.md section 13, rule 9). */
export interface Roles {
  /** Of whoever is signed in, for an authorisation request; looked up once a request. */
  of(ctx: KoaContextWithOIDC): Promise<RoleChoice>;
  /** @param chosen id of the role that she chose, if she did */
  choose(request: {
    account: Account;
    api: Api | undefined;
    client: Client;
    chosen: unknown;
  }): Promise<RoleChoice>;
}

/** The id of the role in what a person answered so far. */
function answeredRole(result: unknown): unknown {
  return (result as { role?: { id?: unknown } } | undefined)?.role?.id;
}

/** Connects practitioners to authorisation requests: only roles at the client's own organisation count. */
export function createRoles(options: { practitioners: Practitioners; states: RequestStates }): Roles {
  const { practitioners, states } = options;

  const choose: Roles['choose'] = async ({ account, api, client, chosen }) => {
    if (!hasProvenance(api)) return { kind: 'none' };
    const { organization } = client;
    const roles = organization === undefined ? [] : await practitioners.rolesAt(account.id, organization.key);
    return chooseRole(roles, chosen);
  };

  return {
    choose,
    of(ctx) {
      const state = states.of(ctx);
      const { account, api, client } = state;
      if (account === undefined || client === undefined) return Promise.resolve({ kind: 'none' });
      const { accountId } = ctx.oidc.session ?? {};
      // The account may be that of the session, or of the person who has just signed in instead.
      if (accountId !== account.id) return Promise.resolve({ kind: 'none' });
      state.roleChoice ??= choose({ account, api, client, chosen: answeredRole(ctx.oidc.result) });
      return state.roleChoice;
    },
  };
}
