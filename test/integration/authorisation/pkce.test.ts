import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, keteWeb } from '../../support/visitor.ts';
import { ask, type Change, expectAsked, expectRedirect, state } from './answers.ts';
import { push } from './pushing.ts';

/** No code without a challenge, and S256 is the only method, for whatever client (PK-01). */

let server: TestServer;
let issuer: string;

beforeAll(async () => {
  server = await startServer();
  issuer = server.issuer;
});

afterAll(() => server.close());

const clients = [
  {
    kind: 'a confidential client',
    change: { client_id: 'kete-web', redirect_uri: 'http://127.0.0.1:8090/cb' },
    credentials: keteWeb,
  },
  {
    kind: 'a public client',
    change: { client_id: 'kete-spa', redirect_uri: 'http://127.0.0.1:8090/app.html' },
    credentials: 'none',
  },
] as const;

const challenge = createHash('sha256').update('x'.repeat(43)).digest('base64url');

const refused: readonly (readonly [string, Change])[] = [
  ['without a challenge and a method', { code_challenge: undefined, code_challenge_method: undefined }],
  ['without a challenge', { code_challenge: undefined }],
  ['with an empty challenge', { code_challenge: '' }],
  ['without a method, which would mean plain', { code_challenge_method: undefined }],
  ['with an empty method', { code_challenge_method: '' }],
  ['with the method plain', { code_challenge_method: 'plain', code_challenge: 'x'.repeat(43) }],
  ['with the method in small letters', { code_challenge_method: 's256' }],
  ['with an unknown method', { code_challenge_method: 'S512' }],
  ['with a challenge of 42 characters', { code_challenge: challenge.slice(1) }],
  ['with a challenge of 129 characters', { code_challenge: 'x'.repeat(129) }],
  ['with a challenge that is no base64url', { code_challenge: challenge.replace(/^./, '+') }],
  ['with a challenge with padding', { code_challenge: `${challenge}=` }],
];

describe.for(clients)('PK-01 $kind', ({ change, credentials }) => {
  const redirectUri = change.redirect_uri;

  test.for(refused)('is refused %s', async ([, without]) => {
    const page = await ask(server, { ...change, ...without, state });
    expectRedirect(page, { issuer, error: 'invalid_request', state, redirectUri });
  });

  test.for(refused)('is refused %s, when nobody may be asked', async ([, without]) => {
    const page = await ask(server, { ...change, ...without, state, prompt: 'none' });
    expectRedirect(page, { issuer, error: 'invalid_request', state, redirectUri });
  });

  test.for(refused)('is refused %s, pushed', async ([, without]) => {
    const { status, body } = await push(server, { ...change, ...without }, { credentials });
    expect({ status, ...body }).toMatchObject({ status: 400, error: 'invalid_request' });
  });

  test('goes on with a challenge of S256', async () => {
    expectAsked(await ask(server, change), issuer);
    expect(await push(server, change, { credentials })).toMatchObject({ status: 201 });
  });
});

test('PK-01 who is known and consented gets no code without a challenge either', async () => {
  const { visitor } = await authorise(server);
  const query = new URLSearchParams({
    client_id: 'kete-web',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:8090/cb',
    scope: 'openid launch/patient patient/Patient.rs',
    aud: `${issuer}/demo/fhir/r4`,
    state,
  });
  expectRedirect(await visitor.get(`${issuer}/auth?${query}`), { issuer, error: 'invalid_request', state });
});

test('PK-01 a code of S256 is exchanged for its verifier, and not for its challenge', async () => {
  const authorised = await authorise(server);
  const hashed = createHash('sha256').update(authorised.verifier).digest('base64url');
  const wrong = await server.token({ ...exchangeForm(authorised), code_verifier: hashed }, keteWeb);
  expect({ status: wrong.status, ...((await wrong.json()) as object) }).toMatchObject({
    status: 400,
    error: 'invalid_grant',
  });
  const good = await authorise(server);
  expect((await server.token(exchangeForm(good), keteWeb)).status).toBe(200);
});

test('PK-01 S256 alone is advertised', async () => {
  for (const path of ['/.well-known/openid-configuration', '/demo/fhir/r4/.well-known/smart-configuration']) {
    const response = await fetch(`${issuer}${path}`);
    expect(await response.json()).toMatchObject({ code_challenge_methods_supported: ['S256'] });
  }
});
