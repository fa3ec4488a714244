import { type Api, profileOf, scopeFamily } from '../catalogue/index.ts';
import { type Client, scopesAt } from '../clients/index.ts';
import { needsPerson } from '../scopes/index.ts';
import { clientScopeRefusal, combinationRefusal, requestedScopes } from './client-scopes.ts';
import { provenanceFault, reasonOf } from './provenance.ts';
import { isRefusal, type Refusal, refuse } from './refusal.ts';

/** What a client without a person may have. */
export interface SystemAdmission {
  readonly scopes: readonly string[];
  /** Undefined at an API whose tokens have none. */
  readonly reason: string | undefined;
}

function scopeRefusal(api: Api, client: Client, scopes: readonly string[]): Refusal | undefined {
  const refusal = clientScopeRefusal(api, client, scopes);
  if (refusal !== undefined) return refusal;
  const personal = scopes.find((scope) => needsPerson(scopeFamily(api), scope));
  if (personal !== undefined) return refuse('invalid_scope', `${personal} needs a person who signed in`);
  return combinationRefusal(api, scopes);
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
}): SystemAdmission | Refusal {
  const { api, client, scope, reason } = request;
  if (scopesAt(client, api.id) === undefined)
    return refuse('invalid_target', 'the client may not use this resource');
  if (!profileOf(api).obtainedBy.includes('client credentials')) {
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
