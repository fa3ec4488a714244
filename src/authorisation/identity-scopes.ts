import { type Api, hasProvenance } from '../catalogue/index.ts';
import { type Client, identityScopesOf, isIdentityScope, scopesAt } from '../clients/index.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Identity scopes that speak of a FHIR server; they have no meaning at an API without one. */
const fhirScopes = ['fhirUser', 'launch/patient'];

/** Scopes that come with a refresh token. */
export const lastingScopes: readonly string[] = ['offline_access', 'online_access'];

/** Whether an identity scope may be asked for together with the scopes of an API. */
export function goesWith(api: Api, scope: string): boolean {
  return hasProvenance(api) ? !fhirScopes.includes(scope) : api.scopes.includes(scope);
}

/** The identity scopes that a client may have: registered apart, or among those of the API; all when it named none. */
export function identityHeld(client: Client, api: Api | undefined): readonly string[] {
  const atApi = (api && scopesAt(client, api.id))?.filter(isIdentityScope) ?? [];
  if (typeof client.metadata.scope !== 'string' && atApi.length > 0) return atApi;
  return [...identityScopesOf(client), ...atApi];
}

/** Refuses identity scopes that mean nothing at the API, or that the client may not have. */
export function identityRefusal(
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
  const lasting = scopes.find((scope) => lastingScopes.includes(scope));
  const grants = client.metadata.grant_types;
  if (lasting !== undefined && !(Array.isArray(grants) && grants.includes('refresh_token')))
    return refuse(
      'invalid_scope',
      `${lasting} needs the grant type refresh_token, which the client does not have`,
    );
  return undefined;
}
