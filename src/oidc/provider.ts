import type { JWK } from 'jose';
import Provider, {
  type AdapterFactory,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { acrs } from '../accounts/index.ts';
import { CLOCK_TOLERANCE } from '../authorisation/index.ts';
import { assertionAlgorithms, authenticationMethods, identityScopes } from '../clients/index.ts';
import type { Clock } from '../clock.ts';
import { cookieNames } from './browser-cookies.ts';
import { assertionFault, audiences } from './client/assertions.ts';
import type { Introspection } from './issued/introspection.ts';
import { mayRevoke } from './issued/revocation-endpoint.ts';
import { keepsRefreshToken, lifetimes, refreshLife } from './lifetimes.ts';
import { claimsByScope } from './person/account.ts';
import type { SignOut } from './person/sign-out.ts';
import type { Resources } from './resources.ts';
import { dpopAlgorithms } from './token/dpop.ts';

/** What the provider is put together from. */
export interface ProviderParts {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  /** Tags of the languages that pages can be shown in. */
  readonly languages: readonly string[];
  /** Private signing keys; of each algorithm the first one signs. */
  readonly privateJwks: readonly JWK[];
  readonly adapter: AdapterFactory;
  readonly resources: Resources;
  readonly tokenClaims: NonNullable<NonNullable<NonNullable<Configuration['formats']>['customizers']>['jwt']>;
  /** Called when a client assertion was found to be signed by the client and good. */
  readonly onAssertion: (ctx: KoaContextWithOIDC) => void;
  /** Whether a presented secret is one of the client's valid ones. */
  readonly secretMatches: (clientId: string, presented: string) => boolean;
  readonly findAccount: NonNullable<Configuration['findAccount']>;
  readonly loadExistingGrant: NonNullable<Configuration['loadExistingGrant']>;
  readonly interactionPolicy: NonNullable<NonNullable<Configuration['interactions']>['policy']>;
  /** `extraTokenClaims` */
  readonly opaqueClaims: NonNullable<Configuration['extraTokenClaims']>;
  readonly introspection: Introspection;
  readonly signOut: SignOut;
  readonly renderError: NonNullable<Configuration['renderError']>;
  readonly clock: Clock;
}

function cookies({ issuer, cookieKeys }: ProviderParts): Configuration['cookies'] {
  const secure = issuer.startsWith('https:');
  const options = { signed: true, httpOnly: true, sameSite: 'lax', secure } as const;
  return { keys: [...cookieKeys], long: options, short: options, names: cookieNames(issuer) };
}

/**
 * `expiresWithSession`. The library notes in the session that a grant outlives it, and never takes that back: she may have, since.
 */
const endsWithSession: NonNullable<Configuration['expiresWithSession']> = async (ctx, { scopes }) => {
  if (scopes.has('offline_access')) return false;
  const { session, client, entities } = ctx.oidc;
  const lasting = entities.Grant?.getOIDCScope().split(' ').includes('offline_access');
  if (session !== undefined && client !== undefined && lasting !== true)
    delete session.authorizationFor(client.clientId).persistsLogout;
  return true;
};

function times(clock: Clock): Configuration['ttl'] {
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? lifetimes.signInToken,
    AuthorizationCode: lifetimes.code,
    // A system signs in again without anybody noticing (SMART Backend Services: 300 s at most).
    ClientCredentials: (_ctx, token) => Math.min(token.resourceServer?.accessTokenTTL ?? 300, 300),
    // A grant is made with the life of its consent.
    Grant: lifetimes.consent,
    IdToken: lifetimes.idToken,
    Interaction: lifetimes.interaction,
    RefreshToken(_ctx, token, client) {
      const { idle, end } = refreshLife({ metadata: client.metadata() });
      const left = (token.iiat ?? clock.seconds()) + end - clock.seconds();
      if (left <= 0) throw new errors.InvalidGrant('the refresh token is at its absolute end');
      return Math.min(idle, left);
    },
    Session(_ctx, session) {
      const end = (session.loginTs ?? clock.seconds()) + lifetimes.sessionEnd;
      return Math.max(1, Math.min(lifetimes.sessionIdle, end - clock.seconds()));
    },
  };
}

/** `rotateRefreshToken`. */
function isUsedOnce({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.client === undefined || !keepsRefreshToken({ metadata: oidc.client.metadata() });
}

function configuration(parts: ProviderParts): Configuration {
  const { issuer, resources, clock } = parts;
  const expected = audiences(issuer);
  return {
    adapter: parts.adapter,
    jwks: { keys: [...parts.privateJwks] as NonNullable<Configuration['jwks']>['keys'] },
    cookies: cookies(parts),
    clockTolerance: CLOCK_TOLERANCE,
    clientAuthMethods: [...authenticationMethods],
    clientDefaults: {
      grant_types: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    enabledJWA: {
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      dPoPSigningAlgValues: [...dpopAlgorithms],
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      introspectionSigningAlgValues: ['ES256'],
    },
    // These belong to no API; those of an API are checked against the catalogue.
    scopes: [...identityScopes],
    claims: claimsByScope,
    // An application need not ask twice: what it was granted stands in the id_token.
    conformIdTokenClaims: false,
    acrValues: acrs.filter((acr) => acr !== '0'),
    discovery: {
      ui_locales_supported: [...parts.languages],
      introspection_endpoint_auth_methods_supported: [...authenticationMethods],
      introspection_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
      revocation_endpoint_auth_methods_supported: [...authenticationMethods],
      revocation_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    },
    responseTypes: ['code'],
    pkce: { required: () => true },
    // SMART names the FHIR base `aud`; src/oidc/resources.ts makes it the resource. The reason is for the Spine profiles.
    extraParams: { aud: null, reason_for_request: null },
    allowOmittingSingleRegisteredRedirectUri: false,
    interactions: {
      policy: parts.interactionPolicy,
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    findAccount: parts.findAccount,
    loadExistingGrant: parts.loadExistingGrant,
    ttl: times(clock),
    issueRefreshToken: parts.resources.isLasting,
    expiresWithSession: endsWithSession,
    rotateRefreshToken: isUsedOnce,
    extraTokenClaims: parts.opaqueClaims,
    formats: { customizers: { jwt: parts.tokenClaims } },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: resources.getResourceServerInfo,
        defaultResource: resources.defaultResource,
        useGrantedResource: async () => true,
      },
      pushedAuthorizationRequests: { enabled: true },
      introspection: { enabled: true, allowedPolicy: parts.introspection.allowed },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: mayRevoke },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: parts.signOut.question,
        postLogoutSuccessSource: parts.signOut.done,
      },
      // For discovery, registrations and `sid`; what is sent waits in the database (person/logout-sender.ts).
      backchannelLogout: { enabled: true },
      dPoP: { enabled: true, requireNonce: () => false, allowReplay: false },
    },
    assertJwtClientAuthClaimsAndHeader(ctx, claims) {
      const fault = assertionFault(claims, { expected, now: clock.seconds() });
      if (fault !== undefined) throw new errors.InvalidClientAuth(fault);
      parts.onAssertion(ctx);
    },
    // The library sees no Origin: src/oidc/client/cross-origin.ts decides.
    clientBasedCORS: () => false,
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
  // The library would call applications in the midst of a sign-out, once, and wait for them.
  provider.Client.prototype.backchannelLogout = async () => {};
  provider.Client.prototype.compareClientSecret = function compare(presented: string) {
    return secretMatches(this.clientId, presented);
  };
  return provider;
}
