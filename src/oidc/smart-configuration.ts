import type { Api } from '../catalogue/index.ts';
import { assertionAlgorithms, authenticationMethods, grantTypes, jwtBearerGrant } from '../clients/index.ts';

/** What an API's scopes make possible, beside what this server can always do (SMART App Launch 2.2, conformance). */
function permissions({ scopes }: Api): string[] {
  const has = (start: string) => scopes.some((scope) => scope.startsWith(start));
  const capabilities: [string, boolean][] = [
    ['sso-openid-connect', has('openid') && has('fhirUser')],
    ['context-standalone-patient', has('launch/patient')],
    ['context-banner', has('launch/patient')],
    ['permission-offline', has('offline_access')],
    ['permission-online', has('online_access')],
    ['permission-patient', has('patient/')],
    ['permission-user', has('user/')],
    ['permission-v1', true],
    ['permission-v2', true],
  ];
  return capabilities.filter(([, on]) => on).map(([name]) => name);
}

/** Scopes that are worth naming: the identity scopes, and each level with the widest type that the API offers. */
function representative({ scopes }: Api): string[] {
  const wide = new Set(
    scopes.filter((scope) => /^[a-z]+\/\*/.test(scope)).map((scope) => scope.split('/')[0]),
  );
  return scopes.filter((scope) => {
    const [level = '', type = ''] = scope.split('/');
    return scope !== 'introspect' && (!wide.has(level) || type.startsWith('*'));
  });
}

/**
 * The document at `[FHIR base]/.well-known/smart-configuration` (SMART App Launch 2.2, conformance), for one API of the
 * profile `smart`. Names nothing that is not on.
 */
export function smartConfiguration(issuer: string, api: Api): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    introspection_endpoint: `${issuer}/token/introspection`,
    revocation_endpoint: `${issuer}/token/revocation`,
    grant_types_supported: grantTypes.filter((type) => type !== jwtBearerGrant),
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: [...authenticationMethods],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    scopes_supported: representative(api),
    capabilities: [
      'launch-standalone',
      'authorize-post',
      'client-public',
      'client-confidential-symmetric',
      'client-confidential-asymmetric',
      ...permissions(api),
    ],
  };
}
