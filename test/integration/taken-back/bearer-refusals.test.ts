import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, newFamily } from '../../support/exchange.ts';
import { type Answer, basic, form, register, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { keteWeb } from '../../support/visitor.ts';
import { newNotesFamily } from '../attacks/jwts.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import { addGateway, appointments, askAs, askWith, bearerFor, expectInvalidToken } from './gateway.ts';

/** Bearer tokens that are no good for asking about others, and requests with them that are not as they should be. */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addGateway(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const fhirBase = () => `${server.issuer}/demo/fhir/r4`;

function expectBadRequest({ status, headers, body }: Answer): void {
  expect({ status, body: JSON.parse(body) }).toEqual({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.any(String) },
  });
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['www-authenticate']).toBeUndefined();
}

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
    ['a JWT that was changed', async () => `${(await bearerFor(server, appointments)).slice(0, -2)}AA`],
    ['a token that is for /me alone', forMeAlone],
  ])('%s', async ([, make]) => {
    expectInvalidToken(
      await askWith(server, await make(), (await newNotesFamily(server)).first.access_token),
    );
  });

  test('a person’s token: she cannot hand on what a system may', async () => {
    for (const { first } of [await newFamily(server), await newNotesFamily(server)]) {
      const { status, body } = await askWith(server, first.access_token, first.access_token);
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
    const bearer = await bearerFor(server, fhirBase());
    expectBadRequest(await askAs(server, `Bearer ${bearer}`, make(bearer)));
  });

  test('with the token in the address: nothing but the form counts', async () => {
    const bearer = await bearerFor(server, fhirBase());
    const { status, body } = await askAs(server, `Bearer ${bearer}`, {
      ...form({ other: 'x' }),
      path: `/token/introspection?token=${bearer}`,
    });
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_request' });
  });

  test.for(['GET', 'PUT', 'DELETE', 'HEAD'])('by %s: nothing is told', async (method) => {
    const bearer = await bearerFor(server, fhirBase());
    const path = `/token/introspection?token=${bearer}`;
    const { status, body } = await askAs(server, `Bearer ${bearer}`, { method, path });
    expect([404, 405]).toContain(status);
    expect(body).not.toContain('active');
  });

  test('whose bearer token is wrong is told that first, whatever else is wrong', async () => {
    expectInvalidToken(await askAs(server, 'Bearer nobody', form({})));
  });
});

describe('beside a bearer token', () => {
  test('credentials of a client count for nothing: one way to say who asks (RFC 6749 section 2.3)', async () => {
    const { first } = await newNotesFamily(server);
    const bearer = await bearerFor(server, fhirBase());
    // The resource server of the notes would be told; the bearer token is for another API.
    const others: readonly Readonly<Record<string, string>>[] = [
      { client_id: 'notes-server', client_secret: secretOf('notes-server') },
      { client_id: keteWeb[0] },
    ];
    for (const more of others) {
      const { status, body } = await askAs(
        server,
        `Bearer ${bearer}`,
        form({ token: first.access_token, ...more }),
      );
      expect([200, 400]).toContain(status);
      expect(JSON.parse(body).active ?? false).toBe(false);
    }
  });

  test('good credentials do not make up for a bad one', async () => {
    const { first } = await newNotesFamily(server);
    const more = { client_id: 'notes-server', client_secret: secretOf('notes-server') };
    const answer = await askAs(server, 'Bearer nobody', form({ token: first.access_token, ...more }));
    expect([400, 401]).toContain(answer.status);
    expect(answer.body).not.toContain('active');
  });
});

describe('the header', () => {
  test.for(['bearer', 'BEARER', 'Bearer '])('may name its scheme as %s', async (scheme) => {
    const bearer = await bearerFor(server, fhirBase());
    const answer = await askAs(server, `${scheme} ${bearer}`, form({ token: bearer }));
    expect(JSON.parse(answer.body)).toMatchObject({ active: true });
  });

  test.for(['Bearer', 'Bearer ', 'Bearer a b', 'Token x', 'Basic', 'Bearer,x y'])(
    'that is malformed is refused: %s',
    async (authorization) => {
      const { status, body } = await askAs(server, authorization, form({ token: 'a'.repeat(43) }));
      expect([400, 401]).toContain(status);
      expect(body).not.toContain('active');
    },
  );

  test('counts at the address in other letters, too, as the library takes it', async () => {
    const bearer = await bearerFor(server, fhirBase());
    for (const path of ['/token/introspection/', '/TOKEN/Introspection'])
      expect(
        JSON.parse((await askAs(server, `Bearer ${bearer}`, { ...form({ token: bearer }), path })).body),
      ).toMatchObject({ active: true });
  });
});

test('neither log nor audit hold a token that was asked about, or with', async () => {
  const bearer = await bearerFor(server, fhirBase());
  const { first } = await newFamily(server);
  await askWith(server, bearer, first.access_token);
  await askWith(server, 'a-bearer-token-that-nobody-knows-at-all', first.access_token);
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
