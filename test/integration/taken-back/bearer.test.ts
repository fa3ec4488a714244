import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, newFamily, tokenRequest } from '../../support/exchange.ts';
import { type Answer, basic, form, register, type Sent, send } from '../../support/fixtures.ts';
import { adjustments } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectDone, revoke } from '../../support/taken-back.ts';
import { shiftTime } from '../../support/time.ts';
import { keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, askedBy, newNotesFamily, notes } from '../attacks/jwts.ts';
import { createProofKey, prove } from '../dpop/proof.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { putApi } from '../practitioners/surgery.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/** Callers that show a bearer token with the scope `introspect` (SMART App Launch 2.2, token introspection). */

let server: TestServer;

/** A gateway in front of the APIs, which asks about their tokens. */
const gateway: Credentials = ['gateway', secretOf('gateway')];

const appointments = 'https://appointments.example.test/v1';
const flags = 'https://flags.example.test/STU3';

/** The APIs at which it may ask, and whether their tokens are JWTs. */
const askedAt = [
  { api: 'demo-fhir', audience: () => `${server.issuer}/demo/fhir/r4`, scope: 'introspect' },
  { api: 'notes', audience: () => notes, scope: 'introspect' },
  { api: 'appointments', audience: () => appointments, scope: 'introspect' },
] as const;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  const scopes = 'appointments.read introspect';
  await putApi(server, { id: 'appointments', audience: appointments, profile: 'none', scopes });
  const [clientId, secret] = gateway;
  await register(
    server,
    {
      client_id: clientId,
      client_secret: secret,
      grant_types: ['client_credentials'],
      organization: 'platform',
      apis: {
        'demo-fhir': 'introspect system/Patient.rs',
        notes: 'introspect system/Patient.rs',
        appointments: scopes,
      },
    },
    {
      client_id: 'appointments-server',
      client_secret: secretOf('appointments-server'),
      grant_types: [],
      organization: 'platform',
      apis: { appointments: 'introspect' },
    },
  );
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const tokenIn = ({ status, body }: Answer): string => {
  expect({ status, body }).toMatchObject({ status: 200 });
  return (JSON.parse(body) as TokenAnswer).access_token;
};

const wish = (resource: string, scope = 'introspect') => ({
  grant_type: 'client_credentials',
  scope,
  resource,
});

const bearerFor = async (resource: string, scope?: string) =>
  tokenIn(await tokenRequest(server, wish(resource, scope), gateway));

const fhirBase = () => `${server.issuer}/demo/fhir/r4`;

/** Asks with whatever stands in `Authorization`. */
const askAs = (authorization: string, sent: Pick<Sent, 'body' | 'headers' | 'method' | 'path' | 'chunked'>) =>
  send(server, {
    path: '/token/introspection',
    ...sent,
    headers: { ...sent.headers, Authorization: authorization },
  });

const ask = (bearer: string, token: string, headers: Readonly<Record<string, string>> = {}) =>
  askAs(`Bearer ${bearer}`, form({ token }, headers));

/** A token of each API for somebody else. */
async function tokensOfOthers(): Promise<readonly (readonly [api: string, token: string])[]> {
  return [
    ['demo-fhir', (await newFamily(server)).first.access_token],
    ['notes', (await newNotesFamily(server)).first.access_token],
    ['appointments', await bearerFor(appointments, 'appointments.read')],
  ];
}

/** 401 in the words of RFC 6750 section 3.1. */
function expectInvalidToken({ status, headers, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toEqual({
    status: 401,
    body: { error: 'invalid_token', error_description: expect.any(String) },
  });
  expect(headers['www-authenticate']).toMatch(/^Bearer realm="[^"]+", error="invalid_token"/);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
  });
}

function expectBadRequest({ status, headers, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toEqual({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.any(String) },
  });
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['www-authenticate']).toBeUndefined();
}

describe.for(askedAt)('a bearer token for $api', ({ api, audience }) => {
  test('is told of the tokens for that API what its resource server is told, and of no others', async () => {
    const bearer = await bearerFor(audience());
    for (const [other, token] of await tokensOfOthers()) {
      const answer = await ask(bearer, token);
      if (other !== api) expectInactive(answer);
      else {
        expect(answer).toMatchObject({
          status: 200,
          headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
        });
        const told = JSON.parse(answer.body);
        expect(told).toMatchObject({ active: true });
        expect(told).toEqual(JSON.parse((await askedBy(server, api, token)).body));
      }
    }
  });

  test('is told of itself', async () => {
    const bearer = await bearerFor(audience());
    expect(JSON.parse((await ask(bearer, bearer)).body)).toMatchObject({
      active: true,
      client_id: gateway[0],
      scope: 'introspect',
    });
  });

  test('is told nothing of what is no access token', async () => {
    const bearer = await bearerFor(audience());
    const { first } = await newFamily(server);
    for (const token of [first.refresh_token ?? '', first.id_token ?? '', 'a'.repeat(43), 'a.b.c', '.'])
      expectInactive(await ask(bearer, token));
  });

  test('without the scope introspect may not ask: 403 insufficient_scope', async () => {
    const other = api === 'appointments' ? 'appointments.read' : 'system/Patient.rs';
    const bearer = await bearerFor(audience(), other);
    const { status, headers, body } = await ask(bearer, bearer);
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 403,
      body: { error: 'insufficient_scope', error_description: expect.any(String) },
    });
    expect(headers['www-authenticate']).toMatch(/^Bearer .*error="insufficient_scope"/);
    expect(headers['cache-control']).toBe('no-store');
  });

  test('is no good when it has ended', async () => {
    const bearer = await bearerFor(audience());
    shiftTime(301);
    expectInvalidToken(await ask(bearer, bearer));
  });

  test('is no good when it was taken back', async () => {
    const bearer = await bearerFor(audience());
    expectDone(await revoke(server, bearer, gateway));
    expectInvalidToken(await ask(bearer, bearer));
  });

  test('is no good without its key, if it is bound to one', async () => {
    const bound = tokenIn(await prove(server, await createProofKey(), wish(audience()), gateway));
    expectInvalidToken(await ask(bound, bound));
    const plain = await askAs(`DPoP ${bound}`, form({ token: bound }));
    expect(plain.status).toBeGreaterThanOrEqual(400);
    expect(plain.body).not.toContain('active');
  });

  test('is no good when its client lost the API', async () => {
    const bearer = await bearerFor(audience());
    const [clientId] = gateway;
    const [row] = await server.sql<{ scopes: string }>(
      'DELETE FROM client_apis WHERE client_id = $1 AND api_id = $2 RETURNING scopes',
      [clientId, api],
    );
    shiftTime(2);
    expectInvalidToken(await ask(bearer, bearer));
    await server.sql('INSERT INTO client_apis (client_id, api_id, scopes) VALUES ($1, $2, $3)', [
      clientId,
      api,
      row?.scopes,
    ]);
  });

  test('may have its answers signed, for its client', async () => {
    const bearer = await bearerFor(audience());
    const own = (await tokensOfOthers()).find(([other]) => other === api)?.[1] ?? '';
    for (const token of [own, 'a'.repeat(43)]) {
      const plain = await ask(bearer, token);
      const { status, headers, body } = await ask(bearer, token, {
        Accept: 'application/token-introspection+jwt',
      });
      expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
        status: 200,
        type: 'application/token-introspection+jwt; charset=utf-8',
        cache: 'no-store',
      });
      const { payload } = await jwtVerify(body, createRemoteJWKSet(new URL(`${server.issuer}/jwks`)), {
        issuer: server.issuer,
        audience: String(gateway[0]),
        typ: 'token-introspection+jwt',
      });
      expect(Object.keys(payload).toSorted()).toEqual(['aud', 'iat', 'iss', 'token_introspection']);
      expect(payload.token_introspection).toEqual(JSON.parse(plain.body));
    }
  });
});

describe('a Spine API whose catalogue entry lists introspect', () => {
  const client: Credentials = ['flags-desk', secretOf('flags-desk')];

  beforeAll(async () => {
    const found = (await server.services.catalogue.all()).find(({ id }) => id === 'reasonable-adjustments');
    if (found === undefined) throw new Error('the API is not there');
    const scopes = [...found.scopes, 'introspect'];
    await server.services.catalogue.put({ ...found, id: 'flags', audience: flags, scopes }, { demo: false });
    await register(server, {
      client_id: client[0],
      client_secret: client[1],
      grant_types: ['client_credentials'],
      organization: 'fernhill',
      asid: '200000990800',
      apis: { flags: 'introspect system/Flag.read' },
    });
  });

  test('has a resource server that asks with its credentials', async () => {
    const token = tokenIn(await tokenRequest(server, wish(flags, 'system/Flag.read'), client));
    const sent = form({ token }, basic(client[0], client[1] ?? ''));
    const { body } = await send(server, { ...sent, path: '/token/introspection' });
    expect(JSON.parse(body)).toMatchObject({ active: true, aud: flags });
    const elsewhere = await tokenRequest(server, wish(adjustments, 'system/Flag.read'), [
      'clinic-backend',
      'demo-secret-clinic-backend',
    ]);
    const other = form({ token: tokenIn(elsewhere) }, basic(client[0], client[1] ?? ''));
    expectInactive(await send(server, { ...other, path: '/token/introspection' }));
  });

  test('gives out no token to ask with: the profile knows no such scope', async () => {
    const { status, body } = await tokenRequest(server, wish(flags), client);
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_scope' });
  });

  test('its other tokens may not ask', async () => {
    const token = tokenIn(await tokenRequest(server, wish(flags, 'system/Flag.read'), client));
    const { status, body } = await ask(token, token);
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 403, error: 'insufficient_scope' });
  });
});

/** A token that belongs to no API: somebody signed in at an application that only wants to know who it is. */
async function forMeAlone(): Promise<string> {
  const client: Credentials = ['library', secretOf('library')];
  await register(server, {
    client_id: client[0],
    client_name: 'Health library',
    client_secret: client[1],
    grant_types: ['authorization_code'],
    redirect_uris: ['https://library.example.test/cb'],
    scope: 'openid',
  });
  const redirect_uri = 'https://library.example.test/cb';
  const change = { client_id: client[0], redirect_uri, scope: 'openid', aud: undefined };
  return (await newFamily(server, { change, client })).first.access_token;
}

describe('no good bearer token:', () => {
  test.for<[string, () => Promise<string>]>([
    ['anything', async () => 'a'.repeat(43)],
    ['dots', async () => 'a.b.c'],
    ['a refresh token', async () => (await newFamily(server)).first.refresh_token ?? ''],
    ['an ID token', async () => (await newFamily(server)).first.id_token ?? ''],
    ['a JWT that was changed', async () => `${(await bearerFor(appointments)).slice(0, -2)}AA`],
    ['a token that is for /me alone', forMeAlone],
  ])('%s', async ([, make]) => {
    expectInvalidToken(await ask(await make(), (await newNotesFamily(server)).first.access_token));
  });

  test('a person’s token: she cannot hand on what a system may', async () => {
    for (const { first } of [await newFamily(server), await newNotesFamily(server)]) {
      const { status, body } = await ask(first.access_token, first.access_token);
      expect({ status, error: JSON.parse(body).error }).toEqual({ status: 403, error: 'insufficient_scope' });
    }
  });
});

describe('a request that is not as it should be', () => {
  test.for<[string, (token: string) => Sent]>([
    ['without a token', () => form({ other: 'x' })],
    ['with an empty token', () => form({ token: '' })],
    [
      'with two tokens',
      (token) =>
        form([
          ['token', token],
          ['token', token],
        ] as const),
    ],
    [
      'with two tokens, one empty',
      (token) =>
        form([
          ['token', token],
          ['token', ''],
        ] as const),
    ],
    ['without a body', () => ({})],
    ['with U+0000 in the token', (token) => form({ token: `${token}\0` })],
    [
      'with JSON',
      (token) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }) }),
    ],
    ['without a type', (token) => ({ body: `token=${token}` })],
    ['with a body that is too long', (token) => form({ token, more: 'a'.repeat(57 * 1024) })],
    [
      'with a body that is too long, in chunks',
      (token) => ({ ...form({ token, more: 'a'.repeat(57 * 1024) }), chunked: true }),
    ],
    ['that says it is packed and is not', (token) => form({ token }, { 'Content-Encoding': 'gzip' })],
  ])('%s: 400', async ([, make]) => {
    const bearer = await bearerFor(fhirBase());
    expectBadRequest(await askAs(`Bearer ${bearer}`, make(bearer)));
  });

  test('with the token in the address: nothing but the form counts', async () => {
    const bearer = await bearerFor(fhirBase());
    const { status, body } = await askAs(`Bearer ${bearer}`, {
      ...form({ other: 'x' }),
      path: `/token/introspection?token=${bearer}`,
    });
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_request' });
  });

  test.for(['GET', 'PUT', 'DELETE', 'HEAD'])('by %s: nothing is told', async (method) => {
    const bearer = await bearerFor(fhirBase());
    const path = `/token/introspection?token=${bearer}`;
    const { status, body } = await askAs(`Bearer ${bearer}`, { method, path });
    expect([404, 405]).toContain(status);
    expect(body).not.toContain('active');
  });

  test('whose bearer token is wrong is told that first, whatever else is wrong', async () => {
    expectInvalidToken(await askAs('Bearer nobody', form({})));
  });
});

describe('beside a bearer token', () => {
  test('credentials of a client count for nothing: one way to say who asks (RFC 6749 section 2.3)', async () => {
    const { first } = await newNotesFamily(server);
    const bearer = await bearerFor(fhirBase());
    // The resource server of the notes would be told; the bearer token is for another API.
    const others: readonly Readonly<Record<string, string>>[] = [
      { client_id: 'notes-server', client_secret: secretOf('notes-server') },
      { client_id: keteWeb[0] },
    ];
    for (const more of others) {
      const { status, body } = await askAs(`Bearer ${bearer}`, form({ token: first.access_token, ...more }));
      expect([200, 400]).toContain(status);
      expect(JSON.parse(body).active ?? false).toBe(false);
    }
  });

  test('good credentials do not make up for a bad one', async () => {
    const { first } = await newNotesFamily(server);
    const more = { client_id: 'notes-server', client_secret: secretOf('notes-server') };
    const answer = await askAs('Bearer nobody', form({ token: first.access_token, ...more }));
    expect([400, 401]).toContain(answer.status);
    expect(answer.body).not.toContain('active');
  });
});

describe('the header', () => {
  test.for(['bearer', 'BEARER', 'Bearer '])('may name its scheme as %s', async (scheme) => {
    const bearer = await bearerFor(fhirBase());
    const answer = await askAs(`${scheme} ${bearer}`, form({ token: bearer }));
    expect(JSON.parse(answer.body)).toMatchObject({ active: true });
  });

  test.for(['Bearer', 'Bearer ', 'Bearer a b', 'Token x', 'Basic', 'Bearer,x y'])(
    'that is malformed is refused: %s',
    async (authorization) => {
      const { status, body } = await askAs(authorization, form({ token: 'a'.repeat(43) }));
      expect([400, 401]).toContain(status);
      expect(body).not.toContain('active');
    },
  );

  test('counts at the address in other letters, too, as the library takes it', async () => {
    const bearer = await bearerFor(fhirBase());
    for (const path of ['/token/introspection/', '/TOKEN/Introspection'])
      expect(
        JSON.parse((await askAs(`Bearer ${bearer}`, { ...form({ token: bearer }), path })).body),
      ).toMatchObject({ active: true });
  });
});

test('neither log nor audit hold a token that was asked about, or with', async () => {
  const bearer = await bearerFor(fhirBase());
  const { first } = await newFamily(server);
  await ask(bearer, first.access_token);
  await ask('a-bearer-token-that-nobody-knows-at-all', first.access_token);
  const rows = await server.sql<{ row: object }>('SELECT to_jsonb(a) AS row FROM audit_events a');
  const text = `${server.logLines.join('\n')}${JSON.stringify(rows)}`;
  for (const secret of [bearer, first.access_token, 'a-bearer-token-that-nobody-knows-at-all'])
    expect(text).not.toContain(secret);
});

test('a resource server with credentials is none the worse for it', async () => {
  const { first } = await newNotesFamily(server);
  const sent = form({ token: first.access_token }, basic('notes-server', secretOf('notes-server')));
  expect(JSON.parse((await send(server, { ...sent, path: '/token/introspection' })).body)).toMatchObject({
    active: true,
  });
});
