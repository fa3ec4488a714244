import * as openid from 'openid-client';
import type { FlowClient } from './flow.ts';
import { flowScope } from './flow.ts';

/** Lets openid-client find out by itself how an Assent is spoken to, and check all that it is told. */
export function discover(
  issuer: string,
  clientId: string,
  proof: openid.ClientAuth = openid.None(),
): Promise<openid.Configuration> {
  return openid.discovery(new URL(issuer), clientId, undefined, proof, {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  });
}

/** What an application sends to the authorisation endpoint, and what it keeps to itself until the answer comes. */
export interface Authorisation {
  readonly checks: openid.AuthorizationCodeGrantChecks & { readonly pkceCodeVerifier: string };
  readonly parameters: Record<string, string>;
}

/** Makes a request for the record of whoever signs in. @param change parameters to add or to replace */
export async function authorisation(
  issuer: string,
  { redirectUri }: Pick<FlowClient, 'redirectUri'>,
  change: Readonly<Record<string, string>> = {},
): Promise<Authorisation> {
  const checks = {
    pkceCodeVerifier: openid.randomPKCECodeVerifier(),
    expectedState: openid.randomState(),
    expectedNonce: openid.randomNonce(),
  };
  const parameters = {
    redirect_uri: redirectUri,
    scope: flowScope,
    aud: `${issuer}/demo/fhir/r4`,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...change,
  };
  return { checks, parameters };
}
