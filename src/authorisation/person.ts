import { type Api, hasProvenance, notOffered, scopeFamily } from '../catalogue/index.ts';
import { type Client, identityScopesOf, isIdentityScope, scopesAt } from '../clients/index.ts';
import { combinationFault, needsPerson, uncovered } from '../scopes/index.ts';
import { provenanceFault, reasonOf } from './provenance.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';
import { heldRefusal, requestedScopes } from './system.ts';

/** What an application may ask a person for. */
export interface PersonAdmission {
  readonly scopes: readonly string[];
  /** `reason_for_request`; undefined at an API whose tokens have none. */
  readonly reason: string | undefined;
}

/** Identity scopes that speak of a FHIR server; they have no meaning at an API without one. */
const fhirScopes = ['fhirUser', 'launch/patient'];

/** Whether an identity scope may be asked for together with the scopes of an API. */
function goesWith(api: Api, scope: string): boolean {
  return hasProvenance(api) ? !fhirScopes.includes(scope) : api.scopes.includes(scope);
}

/** The identity scopes that a client may have: registered apart, or among those of the API; all when it named none. */
export function identityHeld(client: Client, api: Api | undefined): readonly string[] {
  const atApi = (api && scopesAt(client, api.id))?.filter(isIdentityScope) ?? [];
  if (typeof client.metadata.scope !== 'string' && atApi.length > 0) return atApi;
  return [...identityScopesOf(client), ...atApi];
}

function identityRefusal(
  client: Client,
  api: Api | undefined,
  scopes: readonly string[],
): Refusal | undefined {
  const foreign = api === undefined ? undefined : scopes.find((scope) => !goesWith(api, scope));
  if (foreign !== undefined) return refuse('invalid_scope', `${foreign} is not a scope of this resource`);
  if (api === undefined && scopes.includes('launch/patient'))
    return refuse('invalid_scope', 'launch/patient needs the resource at which the record is');
  const held = identityHeld(client, api);
  const refused = scopes.find((scope) => !held.includes(scope));
  if (refused !== undefined) return refuse('invalid_scope', `the client may not have ${refused}`);
  const lasting = scopes.find((scope) => scope === 'offline_access' || scope === 'online_access');
  const grants = client.metadata.grant_types;
  if (lasting !== undefined && !(Array.isArray(grants) && grants.includes('refresh_token')))
    return refuse(
      'invalid_scope',
      `${lasting} needs the grant type refresh_token, which the client does not have`,
    );
  return undefined;
}

function apiRefusal(client: Client, api: Api, scopes: readonly string[]): Refusal | undefined {
  if (scopesAt(client, api.id) === undefined)
    return refuse('invalid_target', 'the client may not use this resource');
  const refusal = heldRefusal(api, client, scopes);
  if (refusal !== undefined) return refusal;
  const family = scopeFamily(api);
  const unattended = scopes.find((scope) => !needsPerson(family, scope));
  if (unattended !== undefined)
    return refuse('invalid_scope', `${unattended} is for systems without a person`);
  return undefined;
}

/**
 * Decides what an application may ask a person for, before anybody is asked (RFC 6749 section 4.1.1, SMART App Launch
 * 2.2). Pure. What the person then allows can only be less.
 *
 * In which role somebody may have it at an API whose tokens name one, is decided when she has signed in (`roles.ts`).
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
  if (api?.profile === 'none')
    return refuse('unauthorized_client', 'tokens for this resource cannot be had by signing in');
  if (api?.profile === 'smart' && (typeof state !== 'string' || state === ''))
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
    mixRefusal(api, scopes);
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
  if (!hasProvenance(api))
    return refuse('unauthorized_client', 'tokens for this resource cannot be had by an assertion');
  const scopes = requestedScopes(scope);
  if (isRefusal(scopes)) return scopes;
  const refusal = apiRefusal(client, api, scopes) ?? mixRefusal(api, scopes);
  if (refusal !== undefined) return refusal;
  const hole = provenanceFault(api, client);
  return hole === undefined ? { scopes } : refuse('unauthorized_client', hole);
}

function mixRefusal(api: Api | undefined, scopes: readonly string[]): Refusal | undefined {
  const fault = combinationFault(api === undefined ? 'oidc' : scopeFamily(api), scopes);
  return fault === undefined ? undefined : refuse('invalid_scope', fault);
}

/**
 * What is left of granted scopes when a token is made from them: a client or an API may have lost some since. Empty when
 * the client may no longer use the API at all.
 */
export function stillHeld(client: Client, api: Api, scopes: readonly string[]): string[] {
  const family = scopeFamily(api);
  const held = scopesAt(client, api.id);
  if (held === undefined) return [];
  const identity = identityHeld(client, api);
  const rest = scopes.filter((scope) => !isIdentityScope(scope));
  const lost = new Set([...notOffered(api, rest), ...uncovered(family, held, rest)]);
  return scopes.filter((scope) =>
    isIdentityScope(scope) ? identity.includes(scope) && goesWith(api, scope) : !lost.has(scope),
  );
}

/**
 * Whether these scopes open the record of the person herself (SMART: `patient/` scopes imply `launch/patient`). In the
 * Spine families `patient/` is whichever patient the practitioner has before her.
 */
export function needsPatient(api: Api | undefined, scopes: readonly string[]): boolean {
  if (api?.profile !== 'smart') return false;
  return scopes.some((scope) => scope === 'launch/patient' || scope.startsWith('patient/'));
}
