import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, newFamily, tokenRequest } from '../../support/exchange.ts';
import { basic, form, register, send } from '../../support/fixtures.ts';
import { adjustments } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectDone, revoke } from '../../support/taken-back.ts';
import { shiftTime } from '../../support/time.ts';
import { askedBy, newNotesFamily } from '../attacks/jwts.ts';
import { createProofKey, prove } from '../dpop/proof.ts';
import { expectInactive } from '../exchange/introspection.ts';
import { tokensIn } from '../keys/swaps.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import {
  addGateway,
  appointments,
  askAs,
  askedAt,
  askWith,
  bearerFor,
  expectInvalidToken,
  gateway,
  wish,
} from './gateway.ts';

/** Callers that show a bearer token with the scope `introspect` (SMART App Launch 2.2, token introspection). */

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await addGateway(server);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** A token of each API for somebody else. */
async function tokensOfOthers(): Promise<readonly (readonly [api: string, token: string])[]> {
  return [
    ['demo-fhir', (await newFamily(server)).first.access_token],
    ['notes', (await newNotesFamily(server)).first.access_token],
    ['appointments', await bearerFor(server, appointments, 'appointments.read')],
  ];
}

describe.for(askedAt)('a bearer token for $api', ({ api, audience }) => {
  test('is told of the tokens for that API what its resource server is told, and of no others', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    for (const [other, token] of await tokensOfOthers()) {
      const answer = await askWith(server, bearer, token);
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
    const bearer = await bearerFor(server, audience(server.issuer));
    expect(JSON.parse((await askWith(server, bearer, bearer)).body)).toMatchObject({
      active: true,
      client_id: gateway[0],
      scope: 'introspect',
    });
  });

  test('is told nothing of what is no access token', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    const { first } = await newFamily(server);
    for (const token of [first.refresh_token ?? '', first.id_token ?? '', 'a'.repeat(43), 'a.b.c', '.'])
      expectInactive(await askWith(server, bearer, token));
  });

  test('without the scope introspect may not ask: 403 insufficient_scope', async () => {
    const other = api === 'appointments' ? 'appointments.read' : 'system/Patient.rs';
    const bearer = await bearerFor(server, audience(server.issuer), other);
    const { status, headers, body } = await askWith(server, bearer, bearer);
    expect({ status, body: JSON.parse(body) }).toEqual({
      status: 403,
      body: { error: 'insufficient_scope', error_description: expect.any(String) },
    });
    expect(headers['www-authenticate']).toMatch(/^Bearer .*error="insufficient_scope"/);
    expect(headers['cache-control']).toBe('no-store');
  });

  test('is no good when it has ended', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    shiftTime(301);
    expectInvalidToken(await askWith(server, bearer, bearer));
  });

  test('is no good when it was taken back', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    expectDone(await revoke(server, bearer, gateway));
    expectInvalidToken(await askWith(server, bearer, bearer));
  });

  test('is no good without its key, if it is bound to one', async () => {
    const bound = tokensIn(
      await prove(server, await createProofKey(), wish(audience(server.issuer)), gateway),
    ).access_token;
    expectInvalidToken(await askWith(server, bound, bound));
    const plain = await askAs(server, `DPoP ${bound}`, form({ token: bound }));
    expect(plain.status).toBeGreaterThanOrEqual(400);
    expect(plain.body).not.toContain('active');
  });

  test('is no good when its client lost the API', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    const [clientId] = gateway;
    const [row] = await server.sql<{ scopes: string }>(
      'DELETE FROM client_apis WHERE client_id = $1 AND api_id = $2 RETURNING scopes',
      [clientId, api],
    );
    shiftTime(2);
    expectInvalidToken(await askWith(server, bearer, bearer));
    await server.sql('INSERT INTO client_apis (client_id, api_id, scopes) VALUES ($1, $2, $3)', [
      clientId,
      api,
      row?.scopes,
    ]);
    shiftTime(4);
    expect((await askWith(server, bearer, bearer)).status).toBe(200);
  });

  test('may have its answers signed, for its client', async () => {
    const bearer = await bearerFor(server, audience(server.issuer));
    const own = (await tokensOfOthers()).find(([other]) => other === api)?.[1] ?? '';
    for (const token of [own, 'a'.repeat(43)]) {
      const plain = await askWith(server, bearer, token);
      const { status, headers, body } = await askWith(server, bearer, token, {
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

const flags = 'https://flags.example.test/STU3';

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
    const token = tokensIn(await tokenRequest(server, wish(flags, 'system/Flag.read'), client)).access_token;
    const sent = form({ token }, basic(client[0], client[1] ?? ''));
    const { body } = await send(server, { ...sent, path: '/token/introspection' });
    expect(JSON.parse(body)).toMatchObject({ active: true, aud: flags });
    const elsewhere = await tokenRequest(server, wish(adjustments, 'system/Flag.read'), [
      'clinic-backend',
      'demo-secret-clinic-backend',
    ]);
    const other = form({ token: tokensIn(elsewhere).access_token }, basic(client[0], client[1] ?? ''));
    expectInactive(await send(server, { ...other, path: '/token/introspection' }));
  });

  test('gives out no token to ask with: the profile knows no such scope', async () => {
    const { status, body } = await tokenRequest(server, wish(flags), client);
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_scope' });
  });

  test('its other tokens may not ask', async () => {
    const token = tokensIn(await tokenRequest(server, wish(flags, 'system/Flag.read'), client)).access_token;
    const { status, body } = await askWith(server, token, token);
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 403, error: 'insufficient_scope' });
  });
});
