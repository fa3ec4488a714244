import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import Provider, {
  type AdapterFactory,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { assertionAlgorithms, authenticationMethods } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import { assertionFault, audiences, CLOCK_TOLERANCE } from './client-authentication.ts';
import type { Resources } from './resources.ts';

/** What the provider is put together from. */
export interface ProviderParts {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  /** Private signing keys; of each algorithm the first one signs. */
  readonly privateJwks: readonly JWK[];
  readonly adapter: AdapterFactory;
  readonly resources: Resources;
  readonly tokenClaims: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>;
  /** Called when a client assertion was found to be signed by the client and good. */
  readonly onAssertion: (ctx: KoaContextWithOIDC) => void;
  /** Whether a presented secret is one of the client's valid ones. */
  readonly secretMatches: (clientId: string, presented: string) => boolean;
  readonly renderError: NonNullable<Configuration['renderError']>;
  readonly clock: Clock;
}

/** oidc-provider insists on a secret in the metadata; ours are hashed elsewhere, and nobody knows this one. */
export const placeholderSecret = randomBytes(32).toString('base64url');

function configuration(parts: ProviderParts): Configuration {
  const { issuer, resources, clock } = parts;
  const expected = audiences(issuer);
  return {
    adapter: parts.adapter,
    jwks: { keys: [...parts.privateJwks] as NonNullable<Configuration['jwks']>['keys'] },
    cookies: { keys: [...parts.cookieKeys] },
    clockTolerance: CLOCK_TOLERANCE,
    clientAuthMethods: [...authenticationMethods],
    clientDefaults: {
      grant_types: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    enabledJWA: {
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      idTokenSigningAlgValues: ['ES256', 'RS256'],
    },
    // The names are fixed scopes of OpenID Connect; those of an API are checked against the catalogue.
    scopes: ['openid'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    ttl: {
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? 300,
    },
    formats: { customizers: { jwt: parts.tokenClaims } },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: resources.getResourceServerInfo,
        defaultResource: resources.defaultResource,
      },
      // Each of these comes with the feature that needs it.
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    assertJwtClientAuthClaimsAndHeader(ctx, claims) {
      const fault = assertionFault(claims, { expected, now: clock.seconds() });
      if (fault !== undefined) throw new errors.InvalidClientAuth(fault);
      parts.onAssertion(ctx);
    },
    clientBasedCORS: () => false,
    findAccount: async () => undefined,
    // Nothing that is on calls out: key sets are fetched by src/outgoing, before the library sees a client.
    fetch: () => Promise.reject(new Error('the library has no way out')),
    renderError: parts.renderError,
  };
}

/**
 * Builds the OpenID provider from its parts, through public extension points only.
 *
 * `proxy` is on because the door in front (src/web/door.ts) overwrites the forwarded headers with the issuer's
 * own origin: every absolute URL that the library makes from a request is then the issuer's.
 */
export function createProvider(parts: ProviderParts): Provider {
  const provider = new Provider(parts.issuer, configuration(parts));
  provider.proxy = true;
  const { secretMatches } = parts;
  provider.Client.prototype.compareClientSecret = function compare(presented: string) {
    return secretMatches(this.clientId, presented);
  };
  return provider;
}
