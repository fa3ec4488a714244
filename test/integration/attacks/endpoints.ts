import { form, type Sent } from '../../support/fixtures.ts';
import { authorisationRequest } from '../../support/visitor.ts';

/** Where clients prove who they are, by the names that discovery has for them. */
export const provingEndpoints = {
  token_endpoint: '/token',
  pushed_authorization_request_endpoint: '/request',
  introspection_endpoint: '/token/introspection',
  revocation_endpoint: '/token/revocation',
} as const;

export type ProvingEndpoint = keyof typeof provingEndpoints;

/** All of them, for tables of tests. */
export const provingNames = Object.keys(provingEndpoints) as ProvingEndpoint[];

/** What a request to an endpoint says, beside who sends it. It need not be granted: proving who one is comes first. */
function parametersOf(endpoint: ProvingEndpoint, issuer: string, clientId: string): Record<string, string> {
  if (endpoint === 'token_endpoint') return { grant_type: 'client_credentials', scope: 'system/Patient.rs' };
  if (endpoint !== 'pushed_authorization_request_endpoint') return { token: 'a'.repeat(43) };
  const { parameters } = authorisationRequest(issuer, { client_id: clientId });
  return parameters;
}

/**
 * A request to an endpoint.
 *
 * @param clientId whose request it is; only the pushed request names its client anyway
 * @param proof parameters that say who sends it
 */
export function requestTo(
  endpoint: ProvingEndpoint,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
  proof: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Sent {
  const said = parametersOf(endpoint, issuer, clientId);
  return { ...form({ ...said, ...proof }, headers), path: provingEndpoints[endpoint] };
}
