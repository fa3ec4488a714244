import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { Accounts } from '../accounts/index.ts';
import type { Catalogue } from '../catalogue/index.ts';
import { type ClientRegistry, isPublic, scopesAt } from '../clients/index.ts';
import { fhirUserAt } from './account.ts';
import type { Authority } from './authority.ts';
import type { RequestStates } from './request-state.ts';

/** The scope that makes a client the resource server of an API. */
const INTROSPECT = 'introspect';

type AllowedPolicy = NonNullable<
  NonNullable<NonNullable<Configuration['features']>['introspection']>['allowedPolicy']
>;

export interface Introspection {
  /** `introspection.allowedPolicy`: who may see what a token holds. Whoever may not is told that it is not active. */
  readonly allowed: AllowedPolicy;
  /** `extraTokenClaims`: whose record a token opens, for its resource server (SMART App Launch 2.2, token introspection). */
  readonly claims: NonNullable<Configuration['extraTokenClaims']>;
}

/** Connects introspection (RFC 7662) with the catalogue: a resource server sees the tokens for its own API only. */
export function createIntrospection(options: {
  catalogue: Catalogue;
  registry: ClientRegistry;
  accounts: Accounts;
  authority: Authority;
  states: RequestStates;
}): Introspection {
  const { catalogue, registry, accounts, authority, states } = options;

  async function isLive(ctx: KoaContextWithOIDC, grantId: string, accountId: string): Promise<boolean> {
    const account = await accounts.find(accountId);
    return account !== undefined && (await authority.of(ctx, grantId, account)) !== undefined;
  }

  return {
    async allowed(ctx, _client, token) {
      const { client } = states.of(ctx);
      const audience = 'aud' in token ? token.aud : undefined;
      // A public client has shown no more than its name (RFC 7662 section 2.1).
      if (client === undefined || isPublic(client) || token.kind === 'RefreshToken') return false;
      const api = (await catalogue.all()).find((one) => one.audience === audience);
      if (api === undefined || !scopesAt(client, api.id)?.includes(INTROSPECT)) return false;
      const holder = await registry.find(String(token.clientId));
      if (holder === undefined || scopesAt(holder, api.id) === undefined) return false;
      if (token.kind !== 'AccessToken') return true;
      return token.grantId !== undefined && isLive(ctx, token.grantId, token.accountId);
    },
    async claims(ctx, token) {
      const state = states.of(ctx);
      if (token.kind !== 'AccessToken' || state.api?.profile !== 'smart') return undefined;
      // Never a name that introspection itself uses: in an opaque token it would take the place of the true value.
      return {
        ...(state.patient === undefined ? {} : { patient: state.patient, need_patient_banner: false }),
        ...(token.scopes.has('fhirUser') ? { fhirUser: fhirUserAt(state) } : {}),
      };
    },
  };
}
