import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import Provider, { type AdapterPayload } from 'oidc-provider';
import { accountClientId, type Client, type ClientRegistry, isClientId } from '../../clients/index.ts';
import type { Clock } from '../../clock.ts';
import type { RemoteJwks } from '../../outgoing/index.ts';
import type { RequestStates } from '../request-state.ts';
import { audiences, isHopeful } from './assertions.ts';
import { checkBody } from './body.ts';
import type { ClientLimits } from './client-limits.ts';
import { clientRoutes } from './client-routes.ts';

/** oidc-provider insists on a secret in the metadata; ours are hashed elsewhere, and nobody knows this one. */
const placeholderSecret = randomBytes(32).toString('base64url');

/** Makes the metadata that the library sees of a registered client. Scopes are checked here, not there. */
function libraryMetadata(client: Client, keys: readonly JWK[] | undefined): AdapterPayload {
  const { jwks_uri: _uri, scope: _scope, ...metadata } = client.metadata;
  const needsSecret = metadata.token_endpoint_auth_method === 'client_secret_basic';
  return {
    ...metadata,
    ...(keys === undefined ? {} : { jwks: { keys: [...keys] } }),
    ...(needsSecret ? { client_secret: placeholderSecret } : {}),
    client_id: client.clientId,
  } as AdapterPayload;
}

/** Makes the look-up of clients that storage offers the library. */
export function createFindClient(options: {
  issuer: string;
  clock: Clock;
  registry: ClientRegistry;
  remoteJwks: RemoteJwks;
  limits: ClientLimits;
  states: RequestStates;
}): (clientId: string) => Promise<AdapterPayload | undefined> {
  const { issuer, clock, registry, remoteJwks, limits, states } = options;

  /**
   * The keys behind a client's jwks_uri. The library never sees the URI: it would ask again only when a signature
   * fails, so a key that was taken back would go on working. Nobody is asked for a request that fails anyway.
   */
  async function publishedKeys(client: Client, assertion: unknown): Promise<readonly JWK[] | undefined> {
    const { jwks_uri: uri } = client.metadata;
    if (typeof uri !== 'string') return undefined;
    const hopeful = isHopeful(assertion, {
      clientId: client.clientId,
      expected: audiences(issuer),
      now: clock.seconds(),
    });
    return hopeful ? remoteJwks.keys(uri) : [];
  }

  return async (clientId) => {
    // Client authentication is the first look-up of every request with a body, so this is the body's door.
    const ctx = Provider.ctx;
    const body = ctx?.oidc?.body;
    checkBody(body, ctx?.headers.authorization !== undefined);
    // The client of the request is the first one; introspection looks up that of the token, too.
    const isFirst = ctx !== undefined && states.of(ctx).client === undefined;
    if (isFirst) limits.check(ctx, clientId);
    // Our own account pages have no token: nothing proves to be them, not even with their code.
    const isNobody = clientId === accountClientId && clientRoutes.has(ctx?.oidc?.route ?? '');
    const client = isClientId(clientId) && !isNobody ? await registry.find(clientId) : undefined;
    if (client === undefined) return undefined;
    if (isFirst) states.of(ctx).client = client;
    return libraryMetadata(client, await publishedKeys(client, body?.client_assertion));
  };
}
