import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** What the server says about itself: only what is switched on, and only under its own name. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function get(path: string): Promise<Record<string, unknown>> {
  const answer = await send(server, { method: 'GET', path });
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.headers['content-type']).toMatch(/^application\/(json|jwk-set\+json)\b/);
  return JSON.parse(answer.body) as Record<string, unknown>;
}

const paths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const;

/** Every text in a document, with the path of its place. */
function texts(value: unknown, place = ''): [string, string][] {
  if (typeof value === 'string') return [[place, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => texts(inner, `${place}/${name}`));
}

describe.for(paths)('%s', (path) => {
  test('names the issuer exactly', async () => {
    expect((await get(path)).issuer).toBe(server.issuer);
  });

  test('has only URLs that start with the issuer', async () => {
    const urls = texts(await get(path)).filter(([, text]) => /^[a-z]+:\/\//.test(text));
    expect(urls.length).toBeGreaterThanOrEqual(4);
    for (const [place, url] of urls) {
      expect([place, url === server.issuer || url.startsWith(`${server.issuer}/`)]).toEqual([place, true]);
    }
  });

  test('names the endpoints of the contract', async () => {
    expect(await get(path)).toMatchObject({
      authorization_endpoint: `${server.issuer}/auth`,
      token_endpoint: `${server.issuer}/token`,
      userinfo_endpoint: `${server.issuer}/me`,
      pushed_authorization_request_endpoint: `${server.issuer}/request`,
      introspection_endpoint: `${server.issuer}/token/introspection`,
      end_session_endpoint: `${server.issuer}/session/end`,
      jwks_uri: `${server.issuer}/jwks`,
    });
  });

  test('advertises the grant types that are on', async () => {
    const grants = (await get(path)).grant_types_supported as string[];
    expect(grants.toSorted()).toEqual([
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ]);
  });

  test('advertises the two ways of client authentication, and none for public clients', async () => {
    const methods = (await get(path)).token_endpoint_auth_methods_supported as string[];
    expect(methods.toSorted()).toEqual(['client_secret_basic', 'none', 'private_key_jwt']);
  });

  test('advertises the algorithms of client assertions, without none and without HMAC', async () => {
    const algorithms = (await get(path)).token_endpoint_auth_signing_alg_values_supported as string[];
    expect(algorithms.toSorted()).toEqual(['ES256', 'ES384', 'EdDSA', 'PS256', 'RS384']);
  });

  test('CA-05 advertises nowhere an unsigned or HMAC algorithm', async () => {
    const algorithms = texts(await get(path)).filter(([place]) => /_alg_values_supported\//.test(place));
    expect(algorithms.length).toBeGreaterThan(0);
    expect(algorithms.filter(([, text]) => text === 'none' || text.startsWith('HS'))).toEqual([]);
  });

  test('advertises only the response modes that are answered', async () => {
    expect((await get(path)).response_modes_supported).toEqual(['query', 'fragment']);
  });

  test('PK-01 and AZ-02 advertises PKCE with S256 only, and code as the only response type', async () => {
    expect(await get(path)).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
    });
  });

  test('AZ-05 says that authorisation responses name their issuer (RFC 9207)', async () => {
    expect((await get(path)).authorization_response_iss_parameter_supported).toBe(true);
  });

  test.for([
    ['registration_endpoint', '/reg'],
    ['introspection_endpoint', '/token/introspection'],
    ['revocation_endpoint', '/token/revocation'],
    ['userinfo_endpoint', '/me'],
    ['end_session_endpoint', '/session/end'],
    ['device_authorization_endpoint', '/device/auth'],
    ['backchannel_authentication_endpoint', '/backchannel'],
    ['pushed_authorization_request_endpoint', '/request'],
  ] as const)('advertises %s only if something answers there', async ([name, usual]) => {
    const url = (await get(path))[name];
    const { pathname } = new URL(String(url ?? `${server.issuer}${usual}`));
    const answers = await Promise.all(
      ['GET', 'POST'].map((method) => send(server, { method, path: pathname })),
    );
    expect(answers.every(({ status }) => status === 404)).toBe(url === undefined);
  });

  test('says that applications are told of sign-outs', async () => {
    expect(await get(path)).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
  });

  test('does not advertise what is off', async () => {
    const document = await get(path);
    const off = Object.keys(document).filter((name) =>
      /^(mtls_|tls_client_|device_|registration_|check_session_|frontchannel_|backchannel_(?!logout_))/.test(
        name,
      ),
    );
    expect(off).toEqual([]);
    expect(document.request_parameter_supported ?? false).toBe(false);
    expect(document.request_uri_parameter_supported ?? false).toBe(false);
    expect(document.claims_parameter_supported ?? false).toBe(false);
  });
});

describe('the two documents', () => {
  test('are the same', async () => {
    const [first, second] = await Promise.all(paths.map(get));
    expect(first).toEqual(second);
  });
});

describe('/jwks', () => {
  const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

  test('has public keys only, each with kid, alg and use', async () => {
    const { keys } = (await get('/jwks')) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) {
      expect(Object.keys(key).filter((member) => privateMembers.includes(member))).toEqual([]);
      expect(key).toMatchObject({
        kid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        alg: expect.stringMatching(/^(ES256|RS256)$/),
        use: 'sig',
      });
    }
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  });

  test('publishes of each algorithm the key that signs and the next one', async () => {
    const { keys } = (await get('/jwks')) as { keys: { kid: string }[] };
    const kept = await server.sql<{ kid: string }>('SELECT kid FROM signing_keys');
    expect(keys.map(({ kid }) => kid).toSorted()).toEqual(kept.map(({ kid }) => kid).toSorted());
    expect(keys).toHaveLength(4);
  });
});
