import { type Api, notOffered, scopeFamily } from '../catalogue/index.ts';
import { type Client, scopesAt } from '../clients/index.ts';
import { combinationFault, parseScope, splitScope, uncovered } from '../scopes/index.ts';
import { type Refusal, refuse } from './refusal.ts';

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

/**
 * The scopes that are too wide for a client: those that the API does not offer, then those that the client was not given
 * there. The one rule: for what is asked for, for tokens made later from a grant, and for tokens asked about.
 */
export function beyondClient(client: Client, api: Api, scopes: readonly string[]): string[] {
  return [...notOffered(api, scopes), ...uncovered(scopeFamily(api), scopesAt(client, api.id) ?? [], scopes)];
}

/** Whether the client was given all these scopes at the API. */
export function clientHolds(client: Client, api: Api, scopes: readonly string[]): boolean {
  return uncovered(scopeFamily(api), scopesAt(client, api.id) ?? [], scopes).length === 0;
}

/**
 * Decides whether scopes are too wide for a client: refuses those outside the grammar of the API, those that it does not
 * offer, and those that the client was not given there.
 */
export function clientScopeRefusal(api: Api, client: Client, scopes: readonly string[]): Refusal | undefined {
  const family = scopeFamily(api);
  const unknown = scopes.find((scope) => parseScope(family, scope) === undefined);
  if (unknown !== undefined) return refuse('invalid_scope', `${unknown} is not a scope of this resource`);
  const [beyond] = beyondClient(client, api, scopes);
  if (beyond === undefined) return undefined;
  const offered = notOffered(api, [beyond]).length === 0;
  return refuse(
    'invalid_scope',
    offered ? `the client may not have ${beyond}` : `${beyond} is not a scope of this resource`,
  );
}

/** Refuses scopes that do not go together, though each of them alone would do. */
export function combinationRefusal(api: Api | undefined, scopes: readonly string[]): Refusal | undefined {
  const fault = combinationFault(api === undefined ? 'oidc' : scopeFamily(api), scopes);
  return fault === undefined ? undefined : refuse('invalid_scope', fault);
}
