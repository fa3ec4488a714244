import { type Api, hasProvenance, hasSmartLaunch, profileOf, scopeFamily } from '../catalogue/index.ts';
import { type Client, isIdentityScope, scopesAt } from '../clients/index.ts';
import { needsPerson } from '../scopes/index.ts';
import { clientScopeRefusal, combinationRefusal, requestedScopes } from './client-scopes.ts';
import { identityRefusal } from './identity-scopes.ts';
import { provenanceFault, reasonOf } from './provenance.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';

/** What an application may ask a person for. */
export interface PersonAdmission {
  readonly scopes: readonly string[];
  /** `reason_for_request`; undefined at an API whose tokens have none. */
  readonly reason: string | undefined;
}

function apiRefusal(client: Client, api: Api, scopes: readonly string[]): Refusal | undefined {
  if (scopesAt(client, api.id) === undefined)
    return refuse('invalid_target', 'the client may not use this resource');
  const refusal = clientScopeRefusal(api, client, scopes);
  if (refusal !== undefined) return refusal;
  const unattended = scopes.find((scope) => !needsPerson(scopeFamily(api), scope));
  if (unattended !== undefined)
    return refuse('invalid_scope', `${unattended} is for systems without a person`);
  return undefined;
}

/**
 * Decides what an application may ask a person for, before anybody is asked (RFC 6749 section 4.1.1, SMART App Launch
 * 2.2). Pure. What the person then allows can only be less.
 *
 * In which role somebody may have it at an API whose tokens name one, is decided when she has signed in (`role.ts`).
 *
 * @param request `api`: where the tokens are to be used; undefined for an application that only wants to know who signed
 *   in. `scope`: the parameter as it was sent, offline_access included
 */
export function admitPerson(request: {
  client: Client;
  api: Api | undefined;
  scope: unknown;
  state: unknown;
  reason: unknown;
}): PersonAdmission | Refusal {
  const { client, api, scope, state, reason } = request;
  const scopes = requestedScopes(scope);
  if (isRefusal(scopes)) return scopes;
  if (api !== undefined && !profileOf(api).obtainedBy.includes('signing in'))
    return refuse('unauthorized_client', 'tokens for this resource cannot be had by signing in');
  if (hasSmartLaunch(api) && (typeof state !== 'string' || state === ''))
    return refuse('invalid_request', 'state is required');
  const identity = scopes.filter(isIdentityScope);
  const rest = scopes.filter((one) => !isIdentityScope(one));
  const [stray] = rest;
  if (api === undefined && stray !== undefined)
    return refuse('invalid_scope', `${stray} is a scope of no resource that was named`);
  if (api === undefined && !identity.includes('openid'))
    return refuse('invalid_scope', 'openid is required where no resource is named');
  if (hasProvenance(api) && rest.length === 0)
    return refuse('invalid_scope', 'a scope of the resource is required');
  const refusal =
    (api && apiRefusal(client, api, rest)) ??
    identityRefusal(client, api, identity) ??
    combinationRefusal(api, scopes);
  if (refusal !== undefined) return refusal;
  const admitted =
    api === undefined ? { reason: undefined } : reasonOf(api, client, { reason, scopes: rest });
  if (isRefusal(admitted)) return admitted;
  const hole = api && provenanceFault(api, client);
  return hole === undefined ? { scopes, ...admitted } : refuse('unauthorized_client', hole);
}

/**
 * Decides what a client may have for somebody whom its own system signed in (JWT bearer grant). Pure. Identity scopes are
 * not among it: who it is, the client knows.
 */
export function admitAsserted(request: {
  client: Client;
  api: Api;
  scope: unknown;
}): { readonly scopes: readonly string[] } | Refusal {
  const { client, api, scope } = request;
  if (!profileOf(api).obtainedBy.includes('assertion'))
    return refuse('unauthorized_client', 'tokens for this resource cannot be had by an assertion');
  const scopes = requestedScopes(scope);
  if (isRefusal(scopes)) return scopes;
  const refusal = apiRefusal(client, api, scopes) ?? combinationRefusal(api, scopes);
  if (refusal !== undefined) return refusal;
  const hole = provenanceFault(api, client);
  return hole === undefined ? { scopes } : refuse('unauthorized_client', hole);
}
