import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { expectInvalidGrant, outcome, refreshForm, tokenRequest } from '../../support/exchange.ts';
import { basic, form, register, send } from '../../support/fixtures.ts';
import { gpConnect, userContext } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  keteWeb,
  type TokenAnswer,
} from '../../support/visitor.ts';
import { ask, expectRedirect, state } from '../authorisation/answers.ts';
import { createProofKey, proof } from '../dpop/proof.ts';
import { secretOf } from '../token-endpoint/applicants.ts';
import { addNotes, expectUseless, isActiveAt, kinds, newNotesFamily, notes, notesWeb } from './jwts.ts';

/** One kind of token in the place of another (RFC 8725 section 3.11, RFC 9068 section 4). */

let server: TestServer;
let issuer: string;
let tokens: TokenAnswer;
let waiting: Authorised;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
  await addNotes(server);
  tokens = (await newNotesFamily(server)).first;
  waiting = await authorise(server);
});
afterAll(() => server.close());

const clinicKey = () => demoKey(server, 'clinic-jwt');
const clinicSays = (claims: Parameters<typeof assertion>[3] = {}, header = {}) =>
  assertion(clinicKey(), 'clinic-jwt', issuer, claims, header);

test.for(kinds)('JW-02 the access token of $what says that it is one: typ at+jwt', async ({ obtain }) => {
  const { access_token: token } = await obtain(server);
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', kid: expect.any(String) });
});

test('JW-02 an ID token does not say so', () => {
  expect(decodeProtectedHeader(tokens.id_token ?? '').typ).not.toBe('at+jwt');
});

/** Whatever else an attacker may have got hold of. */
const others: readonly (readonly [what: string, make: () => string | Promise<string>])[] = [
  ['an ID token', () => tokens.id_token ?? ''],
  ['a refresh token', () => tokens.refresh_token ?? ''],
  ['a code', () => waiting.code],
  ['a client assertion', () => clinicSays()],
  ['a client assertion that calls itself an access token', () => clinicSays({}, { typ: 'at+jwt' })],
  [
    'a client assertion with the claims of an access token',
    () =>
      clinicSays(
        { aud: gpConnect, iss: issuer, sub: 'aroha', client_id: 'clinic-jwt', scope: 'patient/*.read' },
        { typ: 'at+jwt' },
      ),
  ],
  ['a user context assertion', () => userContext(server)],
  [
    'a user context assertion for the API',
    () => userContext(server, { aud: gpConnect }, { header: { typ: 'at+jwt' } }),
  ],
  ['a DPoP proof', async () => proof(await createProofKey(), `${issuer}/me`)],
  ['a secret', () => keteWeb[1]],
  [
    'the digest under which a token is kept',
    async () => {
      const [row] = await server.sql<{ id: string }>(
        "SELECT id FROM oidc_artefacts WHERE model = 'RefreshToken' LIMIT 1",
      );
      return row?.id ?? '';
    },
  ],
];

describe('JW-02 no access token, and useless as one:', () => {
  test.for(others)('%s', async ([, make]) => {
    const text = await make();
    expect(text.length).toBeGreaterThan(10);
    await expectUseless(server, text);
  });

  test('a signed answer of introspection, which is signed with the same key', async () => {
    const asking = form(
      { token: tokens.access_token },
      { ...basic('notes-server', secretOf('notes-server')), Accept: 'application/token-introspection+jwt' },
    );
    const { body } = await send(server, { ...asking, path: '/token/introspection' });
    expect(decodeJwt(body)).toMatchObject({ token_introspection: { active: true, sub: 'aroha' } });
    await expectUseless(server, body);
  });
});

const accessTokens: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['a JWT', () => tokens.access_token],
  [
    'an opaque one',
    async () => {
      const answer = await server.token(exchangeForm(await authorise(server)), keteWeb);
      return ((await answer.json()) as TokenAnswer).access_token;
    },
  ],
];

describe.for(accessTokens)('JW-02 an access token, %s,', ([, make]) => {
  test('is no hint who signs in', async () => {
    const hint = await make();
    for (const prompt of [undefined, 'none']) {
      const page = await ask(server, { id_token_hint: hint, state, prompt });
      expectRedirect(page, { issuer, error: 'invalid_request', state });
    }
  });

  test('is no hint who signs out', async () => {
    const query = new URLSearchParams({
      id_token_hint: await make(),
      post_logout_redirect_uri: 'http://127.0.0.1:8090/',
    });
    const page = await createVisitor(issuer).get(`/session/end?${query}`, { Accept: 'application/json' });
    expect({ status: page.status, location: page.location }).toEqual({ status: 400, location: undefined });
    expect(JSON.parse(page.html)).toMatchObject({ error: 'invalid_request' });
  });

  test('is no client assertion', async () => {
    const sent = { grant_type: 'client_credentials', scope: 'system/Flag.read' };
    const answer = await send(server, form({ ...sent, ...assertionForm(await make()) }));
    expect([400, 401]).toContain(answer.status);
    expect(['invalid_request', 'invalid_client']).toContain(JSON.parse(answer.body).error);
  });

  test('is no assertion about a user', async () => {
    const sent = {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: await make(),
      scope: 'patient/*.read conf/N',
      ...assertionForm(await assertion(demoKey(server, 'gp-clinic'), 'gp-clinic', issuer)),
    };
    expect(outcome(await send(server, form(sent)))).toBe('400 invalid_grant');
  });

  test('is no code and no refresh token', async () => {
    const text = await make();
    expectInvalidGrant(await tokenRequest(server, { ...exchangeForm(waiting), code: text }));
    expectInvalidGrant(await tokenRequest(server, refreshForm(text), notesWeb));
  });

  test('is no reference to a pushed request, and no request object', async () => {
    const text = await make();
    for (const change of [{ request_uri: `urn:ietf:params:oauth:request_uri:${text}` }, { request: text }]) {
      const { url } = authorisationRequest(issuer, change);
      const page = await createVisitor(issuer).get(url);
      expect(page.location ?? '').not.toMatch(/[?&]code=|\/interaction\//);
    }
  });
});

test('JW-02 the tokens are what they were after all that', async () => {
  expect(await isActiveAt(server, 'notes', tokens.access_token)).toBe(true);
  expect(outcome(await tokenRequest(server, exchangeForm(waiting)))).toBe('200');
  expect(outcome(await tokenRequest(server, refreshForm(tokens.refresh_token), notesWeb))).toBe('200');
});

test('JW-02 no client can be named as an API or the issuer is: its ID tokens would pass for access tokens', async () => {
  for (const name of [notes, gpConnect, `${issuer}/demo/fhir/r4`, issuer]) {
    const registration = { client_id: name, client_secret: secretOf('mask'), grant_types: [] };
    await expect(register(server, registration)).rejects.toThrow();
    expect(await server.services.registry.find(name)).toBeUndefined();
  }
});
