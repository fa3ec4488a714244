import type { ResourceServer } from 'oidc-provider';
import type { Api } from '../catalogue/index.ts';

/** What the library has to know of an API to make a token for it, with the scopes that were admitted. */
export function resourceServer(api: Api, scopes: readonly string[]): ResourceServer {
  return {
    scope: scopes.join(' '),
    audience: api.audience,
    accessTokenTTL: api.tokenLifetime,
    accessTokenFormat: api.tokenFormat,
    jwt: { sign: { alg: api.signingAlg as 'ES256' } },
  };
}
