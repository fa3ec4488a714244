import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { newFamily } from '../../support/exchange.ts';
import { type Answer, basic, register } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { expectDone, revoke } from '../../support/taken-back.ts';
import { keteWeb, type TokenAnswer } from '../../support/visitor.ts';
import { addNotes, newNotesFamily, notesWeb } from '../attacks/jwts.ts';
import { askWhat, fhirServer } from '../exchange/introspection.ts';
import { secretOf } from '../token-endpoint/applicants.ts';

/** Answers that are signed (RFC 9701): the same words, in a JWT that the resource server can keep. */

const SIGNED = 'application/token-introspection+jwt';

let server: TestServer;
let opaque: TokenAnswer;
let jwt: TokenAnswer;

beforeAll(async () => {
  server = await startServer();
  await addNotes(server);
  opaque = (await newFamily(server)).first;
  jwt = (await newNotesFamily(server)).first;
});
afterAll(() => server.close());

interface Asker {
  readonly clientId: string;
  readonly headers: Readonly<Record<string, string>>;
}
const fhir: Asker = { clientId: 'demo-fhir-server', headers: fhirServer };
const notesServer: Asker = {
  clientId: 'notes-server',
  headers: basic('notes-server', secretOf('notes-server')),
};

const ask = (token: string, { headers }: Asker, accept?: string) =>
  askWhat(server, { token }, accept === undefined ? headers : { ...headers, Accept: accept });

/** Verifies a signed answer as its receiver does, and gives what is in it. */
async function opened({ status, headers, body }: Answer, clientId: string): Promise<JWTPayload> {
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: `${SIGNED}; charset=utf-8`,
  });
  expect(headers['cache-control']).toBe('no-store');
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(body, keys, {
    issuer: server.issuer,
    audience: clientId,
    typ: 'token-introspection+jwt',
    algorithms: ['ES256'],
  });
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'token-introspection+jwt', kid: expect.any(String) });
  // Section 5: neither sub nor exp, so that nobody takes it for an ID token or an access token.
  expect(Object.keys(payload).toSorted()).toEqual(['aud', 'iat', 'iss', 'token_introspection']);
  expect(payload.aud).toBe(clientId);
  expect(Math.abs(Number(payload.iat) - Date.now() / 1000)).toBeLessThan(60);
  return payload;
}

const cases: readonly (readonly [string, Asker, () => string, boolean])[] = [
  ['a good opaque token', fhir, () => opaque.access_token, true],
  ['a good JWT', notesServer, () => jwt.access_token, true],
  ['an opaque token of another API', notesServer, () => opaque.access_token, false],
  ['a JWT of another API', fhir, () => jwt.access_token, false],
  ['a refresh token', fhir, () => opaque.refresh_token ?? '', false],
  ['an ID token', notesServer, () => jwt.id_token ?? '', false],
  ['nothing that was ever issued', fhir, () => 'a'.repeat(43), false],
  ['something with dots', notesServer, () => 'a.b.c', false],
];

describe.for(cases)('asked about %s', ([, asker, token, active]) => {
  test('the answer is signed where that is asked for, and says what it says without', async () => {
    const plain = await ask(token(), asker);
    expect(plain.headers['content-type']).toBe('application/json; charset=utf-8');
    const { token_introspection: said } = await opened(await ask(token(), asker, SIGNED), asker.clientId);
    expect(said).toEqual(JSON.parse(plain.body));
    expect(said).toEqual(active ? expect.objectContaining({ active: true }) : { active: false });
  });

  test.for([
    '*/*',
    'application/*',
    'application/json',
    'text/html',
    `application/json, ${SIGNED}`,
    `${SIGNED};q=0.1, application/json`,
    'application/jwt',
  ])('it is JSON for Accept: %s', async (accept) => {
    const answer = await ask(token(), asker, accept);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(JSON.parse(answer.body).active).toBe(active);
  });

  test.for([`${SIGNED}, application/json;q=0.5`, SIGNED.toUpperCase()])(
    'it is signed for Accept: %s',
    async (accept) => {
      await opened(await ask(token(), asker, accept), asker.clientId);
    },
  );
});

test('JWT and opaque token are told of in answers of the same form, signed with the key that signs tokens', async () => {
  const answers = [
    await ask(opaque.access_token, fhir, SIGNED),
    await ask(jwt.access_token, notesServer, SIGNED),
  ];
  for (const { body } of answers)
    expect(decodeProtectedHeader(body).kid).toBe(decodeProtectedHeader(jwt.access_token).kid);
});

test('a token that was taken back is nothing in a signed answer, too', async () => {
  const [first, second] = [(await newFamily(server)).first, (await newNotesFamily(server)).first];
  expectDone(await revoke(server, first.access_token, keteWeb));
  expectDone(await revoke(server, second.access_token, notesWeb));
  for (const [token, asker] of [
    [first.access_token, fhir],
    [second.access_token, notesServer],
  ] as const) {
    const { token_introspection: said } = await opened(await ask(token, asker, SIGNED), asker.clientId);
    expect(said).toEqual({ active: false });
  }
});

test('a resource server that proves with a key who it is gets its answers signed, too', async () => {
  await register(server, {
    client_id: 'records-server',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicHalf(demoKey(server, 'clinic-jwt'))] },
    grant_types: [],
    organization: 'platform',
    apis: { 'demo-fhir': 'introspect', notes: 'introspect' },
  });
  for (const token of [opaque.access_token, jwt.access_token]) {
    const proof = await assertion(demoKey(server, 'clinic-jwt'), 'records-server', server.issuer);
    const answer = await askWhat(server, { token, ...assertionForm(proof) }, { Accept: SIGNED });
    const { token_introspection: said } = await opened(answer, 'records-server');
    expect(said).toMatchObject({ active: true, sub: 'aroha' });
  }
});

const publicHalf = ({ d: _d, ...rest }: ReturnType<typeof demoKey>) => rest;

test('a refusal is JSON, whatever is asked for', async () => {
  for (const token of [opaque.access_token, jwt.access_token]) {
    const answer = await ask(token, { clientId: '', headers: basic('notes-server', 'wrong') }, SIGNED);
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_client' });
  }
});

test('discovery names the algorithms with which answers are signed, and only those', async () => {
  const document = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
  expect(document).toMatchObject({ introspection_signing_alg_values_supported: ['ES256'] });
});
