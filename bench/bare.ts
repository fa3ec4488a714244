/**
 * The peer: `oidc-provider` with nothing of ours around it, as a server process of its own.
 *
 * `node bench/bare.ts postgres` keeps everything, clients included, in PostgreSQL through the plain adapter;
 * `node bench/bare.ts memory` uses the library's in-memory store and static clients.
 * Environment: PORT, ISSUER, CLIENT_JWK (public key of the private_key_jwt client), for postgres also DATABASE_URL.
 */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import type { AdapterFactory, ClientMetadata, Configuration } from 'oidc-provider';
import { errors, Provider } from 'oidc-provider';
import { Pool } from 'pg';
import { createSchema, postgresAdapter } from './postgres-adapter.ts';
import { ASSERTION_ALG, JWT_CLIENT, RESOURCE, SCOPE, SECRET, SECRET_CLIENT, TOKEN_TTL } from './world.ts';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function clients(): ClientMetadata[] {
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  return [
    {
      ...machine,
      client_id: SECRET_CLIENT,
      client_secret: SECRET,
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      ...machine,
      client_id: JWT_CLIENT,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: ASSERTION_ALG,
      jwks: { keys: [JSON.parse(required('CLIENT_JWK'))] },
    },
  ];
}

/** A fresh database, the clients stored in it the way dynamic registration stores them. */
async function storedClients(connectionString: string): Promise<AdapterFactory> {
  const pool = new Pool({ connectionString, max: 10 });
  await createSchema(pool);
  const adapter = postgresAdapter(pool);
  for (const client of clients()) await adapter('Client').upsert(client.client_id, client);
  return adapter;
}

async function storage(kind: string | undefined): Promise<Pick<Configuration, 'adapter' | 'clients'>> {
  if (kind === 'postgres') return { adapter: await storedClients(required('DATABASE_URL')) };
  if (kind === 'memory') return { clients: clients() };
  throw new Error('usage: node bench/bare.ts postgres|memory');
}

const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const signingKey = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'bench' };

const provider = new Provider(required('ISSUER'), {
  ...(await storage(process.argv[2])),
  jwks: { keys: [signingKey] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  enabledJWA: { clientAuthSigningAlgValues: [ASSERTION_ALG] },
  ttl: { ClientCredentials: TOKEN_TTL },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, indicator) => {
        if (indicator !== RESOURCE) throw new errors.InvalidTarget();
        return {
          scope: SCOPE,
          accessTokenTTL: TOKEN_TTL,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
  },
});

createServer(provider.callback()).listen(Number(required('PORT')), '127.0.0.1');
