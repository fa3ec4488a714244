import type { Client } from './client.ts';
import type { ClientRegistry } from './registry.ts';

/** The client_id of our own account pages. Nobody else may have it. */
export const accountClientId = 'assent-account';

/** Where the account pages are led back to, below the issuer. */
export const ACCOUNT_CALLBACK = '/account/callback';

/**
 * Our own account pages as a client (docs/adr/0011): people come to them by the same way in as to any application. It has no
 * API and no secret, and may only ask who it is.
 */
function accountClient(issuer: string): Client {
  return {
    clientId: accountClientId,
    metadata: {
      client_name: 'Assent',
      client_uri: `${issuer}/account`,
      redirect_uris: [`${issuer}${ACCOUNT_CALLBACK}`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
      scope: 'openid',
    },
    organization: undefined,
    asid: undefined,
    device: undefined,
    secrets: [],
    apis: {},
  };
}

/** A registry that knows our own account pages beside what is registered. They are not in its list. */
export function withAccountClient(registry: ClientRegistry, issuer: string): ClientRegistry {
  const own = accountClient(issuer);
  return {
    ...registry,
    find: async (clientId) => (clientId === accountClientId ? own : registry.find(clientId)),
  };
}
