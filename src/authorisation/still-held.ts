import type { Api } from '../catalogue/index.ts';
import { type Client, isIdentityScope, scopesAt } from '../clients/index.ts';
import { beyondClient } from './client-scopes.ts';
import { goesWith, identityHeld } from './identity-scopes.ts';

/**
 * What is left of granted scopes when a token is made from them: a client or an API may have lost some since. Empty when
 * the client may no longer use the API at all.
 */
export function stillHeld(client: Client, api: Api, scopes: readonly string[]): string[] {
  if (scopesAt(client, api.id) === undefined) return [];
  const identity = identityHeld(client, api);
  const rest = scopes.filter((scope) => !isIdentityScope(scope));
  const lost = new Set(beyondClient(client, api, rest));
  return scopes.filter((scope) =>
    isIdentityScope(scope) ? identity.includes(scope) && goesWith(api, scope) : !lost.has(scope),
  );
}
