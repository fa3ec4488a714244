import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, isActive, keteSpa, newFamily, spaChange } from '../../support/exchange.ts';
import { send } from '../../support/fixtures.ts';
import { wardApp, wardTokens } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, isActiveAt, newNotesFamily, notesWeb } from '../attacks/jwts.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/**
 * Independent client libraries ask about tokens and take them back, from nothing but the issuer's name. Both refuse http by
 * themselves, so each is told by its documented option that this is a test.
 */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
});
afterAll(() => server.close());

const fhirServer: Credentials = ['demo-fhir-server', 'demo-secret-demo-fhir-server'];
const notesServer: Credentials = ['notes-server', secretOf('notes-server')];

/** A token of each kind, and whose it is. */
const kinds: readonly {
  readonly what: string;
  readonly api: string;
  readonly client: Credentials;
  readonly resourceServer: Credentials;
  obtain(): Promise<TokenAnswer>;
}[] = [
  {
    what: 'an opaque token',
    api: 'demo-fhir',
    client: keteWeb,
    resourceServer: fhirServer,
    obtain: async () => (await newFamily(server)).first,
  },
  {
    what: 'an opaque token of an application in a browser',
    api: 'demo-fhir',
    client: keteSpa,
    resourceServer: fhirServer,
    obtain: async () => (await newFamily(server, { change: spaChange, client: keteSpa })).first,
  },
  {
    what: 'a JWT',
    api: 'notes',
    client: notesWeb,
    resourceServer: notesServer,
    obtain: async () => (await newNotesFamily(server)).first,
  },
  {
    what: 'a practitioner’s JWT',
    api: 'reasonable-adjustments',
    client: wardApp,
    resourceServer: ['reasonable-adjustments-server', secretOf('reasonable-adjustments-server')],
    obtain: () => wardTokens(server),
  },
];

describe('openid-client', () => {
  const configure = (
    [clientId, secret]: Credentials,
    metadata: Partial<openid.ClientMetadata> = {},
    execute: openid.DiscoveryRequestOptions['execute'] = [],
  ) =>
    openid.discovery(
      new URL(server.issuer),
      clientId,
      metadata,
      secret === undefined ? openid.None() : openid.ClientSecretBasic(secret),
      { execute: [openid.allowInsecureRequests, ...execute] },
    );

  test.for(kinds)('asks about $what', async ({ resourceServer, client, obtain }) => {
    const { access_token: token } = await obtain();
    const told = await openid.tokenIntrospection(await configure(resourceServer), token);
    expect(told).toMatchObject({ active: true, client_id: client[0], iss: server.issuer });
    expect(await openid.tokenIntrospection(await configure(client), token).catch(String)).toEqual({
      active: false,
    });
  });

  test.for(kinds)('asks about $what, verifies the signature', async ({ resourceServer, client, obtain }) => {
    const { access_token: token } = await obtain();
    const metadata = { introspection_signed_response_alg: 'ES256' };
    const configuration = await configure(resourceServer, metadata, [openid.enableNonRepudiationChecks]);
    expect(await openid.tokenIntrospection(configuration, token)).toMatchObject({
      active: true,
      client_id: client[0],
    });
    expect(await openid.tokenIntrospection(configuration, 'a'.repeat(43))).toEqual({ active: false });
    expect(await openid.tokenIntrospection(configuration, 'a.b.c')).toEqual({ active: false });
  });

  test.for(kinds)('takes $what back, then all of its family', async ({ api, client, obtain }) => {
    const configuration = await configure(client);
    const tokens = await obtain();
    await openid.tokenRevocation(configuration, tokens.access_token);
    expect(await isActiveAt(server, api, tokens.access_token)).toBe(false);
    const next = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(await isActiveAt(server, api, next.access_token)).toBe(true);
    const hint = { token_type_hint: 'refresh_token' };
    await openid.tokenRevocation(configuration, next.refresh_token ?? '', hint);
    expect(await isActiveAt(server, api, next.access_token)).toBe(false);
    await expect(openid.refreshTokenGrant(configuration, next.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await openid.tokenRevocation(configuration, next.refresh_token ?? '');
  });

  test('hears in its own words that a token is another client’s', async () => {
    const { first } = await newFamily(server);
    const taking = openid.tokenRevocation(await configure(notesWeb), first.access_token);
    await expect(taking).rejects.toMatchObject({ error: 'invalid_request', status: 400 });
    expect(await isActive(server, first)).toBe(true);
  });
});

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true };

  async function discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(server.issuer);
    return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  }
  const authentication = ([, secret]: Credentials) =>
    secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret);

  test.for(kinds)('asks about $what, in JSON and signed', async ({ resourceServer, client, obtain }) => {
    const as = await discover();
    const { access_token: token } = await obtain();
    for (const requestJwtResponse of [false, true]) {
      const asker = { client_id: resourceServer[0] };
      const response = await oauth.introspectionRequest(as, asker, authentication(resourceServer), token, {
        ...insecure,
        requestJwtResponse,
      });
      const type = requestJwtResponse ? 'application/token-introspection+jwt' : 'application/json';
      expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
      const told = await oauth.processIntrospectionResponse(as, asker, response);
      expect(told).toMatchObject({ active: true, client_id: client[0] });
      if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as, response, insecure);
    }
  });

  test.for(kinds)('takes $what back', async ({ api, client, obtain }) => {
    const as = await discover();
    const { access_token: token } = await obtain();
    const owner = { client_id: client[0] };
    for (let time = 0; time < 2; time += 1)
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(as, owner, authentication(client), token, insecure),
      );
    expect(await isActiveAt(server, api, token)).toBe(false);
  });
});

describe('both documents', () => {
  const get = async (path: string) =>
    JSON.parse((await send(server, { method: 'GET', path })).body) as Record<string, unknown>;

  const endpoints = () => ({
    introspection_endpoint: `${server.issuer}/token/introspection`,
    revocation_endpoint: `${server.issuer}/token/revocation`,
  });

  test.for(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    '%s names both endpoints and how clients prove there who they are',
    async (path) => {
      const document = await get(path);
      expect(document).toMatchObject(endpoints());
      const methods = document.token_endpoint_auth_methods_supported;
      for (const endpoint of ['introspection', 'revocation']) {
        // Left out, they would be client_secret_basic alone (RFC 8414 section 2).
        const own = document[`${endpoint}_endpoint_auth_methods_supported`];
        expect({ endpoint, own }).toEqual({ endpoint, own: methods });
        expect(document[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toEqual(
          document.token_endpoint_auth_signing_alg_values_supported,
        );
      }
      expect(document.introspection_signing_alg_values_supported).toContain('ES256');
    },
  );

  test.for(['demo-fhir', 'notes'])('smart-configuration of %s names both endpoints', async (api) => {
    expect(await get(`/.well-known/smart-configuration/${api}`)).toMatchObject(endpoints());
  });
});
