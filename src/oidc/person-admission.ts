import { type Api, notOffered, scopeFamily } from '../catalogue/index.ts';
import { type Client, identityScopesOf, isIdentityScope, scopesAt } from '../clients/index.ts';
import { combinationFault, needsPerson, parseScope, uncovered } from '../scopes/index.ts';
import { type Refusal, refuse, requestedScopes } from './admission.ts';

/** What an application may ask a person for. */
export interface PersonAdmission {
  readonly scopes: readonly string[];
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
  const foreign = api === undefined ? undefined : scopes.find((scope) => !api.scopes.includes(scope));
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
  const family = scopeFamily(api);
  const held = scopesAt(client, api.id);
  if (held === undefined) return refuse('invalid_target', 'the client may not use this resource');
  const unknown = scopes.find((scope) => parseScope(family, scope) === undefined);
  if (unknown !== undefined) return refuse('invalid_scope', `${unknown} is not a scope of this resource`);
  const [beyondApi] = notOffered(api, scopes);
  if (beyondApi !== undefined) return refuse('invalid_scope', `${beyondApi} is not a scope of this resource`);
  const [beyondClient] = uncovered(family, held, scopes);
  if (beyondClient !== undefined) return refuse('invalid_scope', `the client may not have ${beyondClient}`);
  const unattended = scopes.find((scope) => !needsPerson(family, scope));
  if (unattended !== undefined)
    return refuse('invalid_scope', `${unattended} is for systems without a person`);
  return undefined;
}

/**
 * Decides what an application may ask a person for, before anybody is asked (RFC 6749 section 4.1.1, SMART App Launch
 * 2.2). Pure. What the person then allows can only be less.
 *
 * @param request `api`: where the tokens are to be used; undefined for an application that only wants to know who signed
 *   in. `scope`: the parameter as it was sent, offline_access included
 */
export function admitPerson(request: {
  client: Client;
  api: Api | undefined;
  scope: unknown;
  state: unknown;
}): PersonAdmission | Refusal {
  const { client, api, scope, state } = request;
  const scopes = requestedScopes(scope);
  if ('error' in scopes) return scopes;
  // A token of the Spine profiles says in which role somebody acts, and nobody has roles here yet.
  if (api !== undefined && api.profile !== 'smart')
    return refuse('unauthorized_client', 'tokens for this resource cannot be had by signing in yet');
  if (api !== undefined && (typeof state !== 'string' || state === ''))
    return refuse('invalid_request', 'state is required');
  const identity = scopes.filter(isIdentityScope);
  const rest = scopes.filter((one) => !isIdentityScope(one));
  const [stray] = rest;
  if (api === undefined && stray !== undefined)
    return refuse('invalid_scope', `${stray} is a scope of no resource that was named`);
  if (api === undefined && !identity.includes('openid'))
    return refuse('invalid_scope', 'openid is required where no resource is named');
  const refusal =
    (api && apiRefusal(client, api, rest)) ??
    identityRefusal(client, api, identity) ??
    mixRefusal(api, scopes);
  return refusal ?? { scopes };
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
    isIdentityScope(scope) ? identity.includes(scope) && api.scopes.includes(scope) : !lost.has(scope),
  );
}

/** Whether these scopes open the record of one patient (SMART: `patient/` scopes imply `launch/patient`). */
export function needsPatient(scopes: readonly string[]): boolean {
  return scopes.some((scope) => scope === 'launch/patient' || scope.startsWith('patient/'));
}
