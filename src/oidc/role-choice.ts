import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Account } from '../accounts/index.ts';
import { type Api, hasProvenance, scopeFamily } from '../catalogue/index.ts';
import { type Client, isIdentityScope } from '../clients/index.ts';
import { aboveCeiling, type PractitionerRole, type Practitioners } from '../practitioners/index.ts';
import type { RequestStates } from './request-state.ts';

/** In which role somebody asks. */
export type RoleChoice =
  /** The tokens of the API name no role, or nobody is signed in yet. */
  | { readonly kind: 'none' }
  /** She has no role at the client's organisation. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'chosen'; readonly role: PractitionerRole }
  /** She has several and has to say which. */
  | { readonly kind: 'open'; readonly roles: readonly PractitionerRole[] };

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

/** The scopes of an API that are above what somebody may have in a role, identity scopes apart. */
export function aboveRole(role: PractitionerRole, api: Api, scopes: readonly string[]): string[] {
  const asked = scopes.filter((scope) => !isIdentityScope(scope));
  return aboveCeiling(role.jobRole, scopeFamily(api), asked);
}

/** Connects practitioners to authorisation requests: only roles at the client's own organisation count. */
export function createRoles(options: { practitioners: Practitioners; states: RequestStates }): Roles {
  const { practitioners, states } = options;

  const choose: Roles['choose'] = async ({ account, api, client, chosen }) => {
    if (!hasProvenance(api)) return { kind: 'none' };
    const { organization } = client;
    const roles = organization === undefined ? [] : await practitioners.rolesAt(account.id, organization.key);
    const [only] = roles;
    if (only === undefined) return { kind: 'missing' };
    // A choice that holds no more is no reason to take what is left of them.
    const role = roles.length === 1 && chosen === undefined ? only : roles.find(({ id }) => id === chosen);
    return role === undefined ? { kind: 'open', roles } : { kind: 'chosen', role };
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
