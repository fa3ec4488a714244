import { type Api, notOffered, scopeFamily } from '../catalogue/index.ts';
import { type Client, scopesAt } from '../clients/index.ts';
import { combinationFault, needsPerson, parseScope, splitScope, uncovered } from '../scopes/index.ts';
import { provenanceFault, reasonOf } from './provenance.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';

/** What a client without a person may have. */
export interface Admission {
  readonly scopes: readonly string[];
  /** Undefined at an API whose tokens have none. */
  readonly reason: string | undefined;
}

/** Longest `scope` parameter that is looked at, in characters. */
const LONGEST_SCOPE = 4000;

/**
 * Reads the `scope` parameter. Assent has no default scope, so leaving it out is `invalid_scope`
 * (RFC 6749 section 3.3 lets the server choose).
 */
export function requestedScopes(scope: unknown): readonly string[] | Refusal {
  if (scope === undefined || scope === '') return refuse('invalid_scope', 'scope is required');
  const scopes = typeof scope === 'string' && scope.length <= LONGEST_SCOPE ? splitScope(scope) : undefined;
  return scopes ?? refuse('invalid_scope', 'scope is malformed');
}

/** Whether the client was given all these scopes at the API. */
export function clientHolds(client: Client, api: Api, scopes: readonly string[]): boolean {
  return uncovered(scopeFamily(api), scopesAt(client, api.id) ?? [], scopes).length === 0;
}

/** Refuses scopes outside the grammar of the API, those that it does not offer, and those that the client was not given. */
export function heldRefusal(api: Api, client: Client, scopes: readonly string[]): Refusal | undefined {
  const family = scopeFamily(api);
  const unknown = scopes.find((scope) => parseScope(family, scope) === undefined);
  if (unknown !== undefined) return refuse('invalid_scope', `${unknown} is not a scope of this resource`);
  const [beyondApi] = notOffered(api, scopes);
  if (beyondApi !== undefined) return refuse('invalid_scope', `${beyondApi} is not a scope of this resource`);
  const [beyondClient] = uncovered(family, scopesAt(client, api.id) ?? [], scopes);
  return beyondClient === undefined
    ? undefined
    : refuse('invalid_scope', `the client may not have ${beyondClient}`);
}

function scopeRefusal(api: Api, client: Client, scopes: readonly string[]): Refusal | undefined {
  const refusal = heldRefusal(api, client, scopes);
  if (refusal !== undefined) return refusal;
  const family = scopeFamily(api);
  const personal = scopes.find((scope) => needsPerson(family, scope));
  if (personal !== undefined) return refuse('invalid_scope', `${personal} needs a person who signed in`);
  const fault = combinationFault(family, scopes);
  return fault === undefined ? undefined : refuse('invalid_scope', fault);
}

/**
 * Decides a client-credentials request: what a client may have at an API when no person takes part.
 * Pure; every refusal names its cause, because the client has proved who it is by then.
 *
 * @param scope the `scope` parameter as it came
 * @param reason the `reason_for_request` parameter as it came
 */
export function admitSystem(request: {
  api: Api;
  client: Client;
  scope: unknown;
  reason: unknown;
}): Admission | Refusal {
  const { api, client, scope, reason } = request;
  if (scopesAt(client, api.id) === undefined)
    return refuse('invalid_target', 'the client may not use this resource');
  if (api.profile === 'gp-connect') {
    return refuse(
      'unauthorized_client',
      'a token for this resource names a person, so client credentials cannot obtain it',
    );
  }
  const scopes = requestedScopes(scope);
  if (isRefusal(scopes)) return scopes;
  const refusal = scopeRefusal(api, client, scopes);
  if (refusal !== undefined) return refusal;
  const admitted = reasonOf(api, client, { reason, scopes });
  if (isRefusal(admitted)) return admitted;
  const hole = provenanceFault(api, client);
  return hole === undefined ? { scopes, ...admitted } : refuse('unauthorized_client', hole);
}
