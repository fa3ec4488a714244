import type { JWK } from 'jose';
import { register } from '../../support/fixtures.ts';
import type { TestServer } from '../../support/server.ts';
import { keySet, newKey } from '../token-endpoint/key-source.ts';

/** A client that proves with a key who it is, at every endpoint that takes such a proof. */
export interface KeyClient {
  readonly clientId: string;
  readonly key: JWK;
}

/**
 * Registers a client with a key of its own; it may push requests, and ask for itself.
 *
 * @param jwksUri where its key set is found; without one the set is part of the registration
 */
export async function registerKeyClient(
  server: TestServer,
  clientId: string,
  jwksUri?: string,
): Promise<KeyClient> {
  const key = await newKey();
  await register(server, {
    client_id: clientId,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES384',
    ...(jwksUri === undefined ? { jwks: JSON.parse(keySet(key)) } : { jwks_uri: jwksUri }),
    grant_types: ['authorization_code', 'client_credentials'],
    redirect_uris: ['http://127.0.0.1:8090/cb'],
    apis: { 'demo-fhir': 'launch/patient patient/*.rs system/Patient.rs' },
  });
  return { clientId, key };
}
