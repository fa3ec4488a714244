import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credentials, tokenRequest } from '../../support/exchange.ts';
import { register, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { authorise, exchangeForm, type TokenAnswer } from '../../support/visitor.ts';
import { changeFor, createProofKey, type ProofKey, proof, prove } from './proof.ts';

/** The one resource that is ours, `/me`, with bound tokens (RFC 9449 section 7). */

const library: Credentials = ['library', 'secret-of-the-library-0123456789'];

let server: TestServer;
let key: ProofKey;
let bound: string;
let plain: string;

const tokenIn = ({ body }: { body: string }) => (JSON.parse(body) as TokenAnswer).access_token;

beforeAll(async () => {
  server = await startServer();
  key = await createProofKey();
  const change = { ...changeFor(library), scope: 'openid profile', aud: undefined };
  await register(server, {
    client_id: library[0],
    client_secret: library[1],
    grant_types: ['authorization_code'],
    redirect_uris: [change.redirect_uri],
    scope: 'openid profile',
  });
  const first = await authorise(server, { change });
  bound = tokenIn(await prove(server, key, exchangeForm(first), library));
  const second = await authorise(server, { change, visitor: first.visitor });
  plain = tokenIn(await tokenRequest(server, exchangeForm(second), library));
});

afterAll(() => server.close());

const hash = (token: string) => createHash('sha256').update(token).digest('base64url');

/** A proof for GET /me with a token. */
const proofFor = (token: string, by: ProofKey = key, claims: Readonly<Record<string, unknown>> = {}) =>
  proof(by, `${server.issuer}/me`, { claims: { htm: 'GET', ath: hash(token), ...claims } });

const ask = (scheme: string, token: string, dpop?: string) =>
  send(server, {
    method: 'GET',
    path: '/me',
    headers: { Authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { DPoP: dpop }) } as Record<
      string,
      string
    >,
  });

test('tells the holder of the key who signed in', async () => {
  const answer = await ask('DPoP', bound, await proofFor(bound));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ sub: 'aroha' });
});

test('tells the holder of a bearer token as before', async () => {
  expect(await ask('Bearer', plain)).toMatchObject({ status: 200 });
});

describe('JW-02 is refused', () => {
  test.each<[string, number, () => Promise<readonly [scheme: string, token: string, dpop?: string]>]>([
    ['a bound token as bearer token', 401, async () => ['Bearer', bound]],
    ['a bound token without a proof', 400, async () => ['DPoP', bound]],
    [
      'a bound token with a proof, but as bearer token',
      400,
      async () => ['Bearer', bound, await proofFor(bound)],
    ],
    [
      'a bound token with a proof of another key',
      401,
      async () => ['DPoP', bound, await proofFor(bound, await createProofKey())],
    ],
    [
      'a proof without the token in it',
      401,
      async () => ['DPoP', bound, await proofFor(bound, key, { ath: undefined })],
    ],
    ['a proof for another token', 401, async () => ['DPoP', bound, await proofFor(plain)]],
    ['a proof for POST', 401, async () => ['DPoP', bound, await proofFor(bound, key, { htm: 'POST' })]],
    [
      'a proof for the token endpoint',
      401,
      async () => ['DPoP', bound, await proofFor(bound, key, { htu: `${server.issuer}/token` })],
    ],
    ['a bearer token with a proof', 401, async () => ['DPoP', plain, await proofFor(plain)]],
    ['a token that nobody gave, with a proof', 401, async () => ['DPoP', 'none', await proofFor('none')]],
  ])('%s: %i, in the scheme DPoP', async (_name, status, make) => {
    const [scheme, token, dpop] = await make();
    const answer = await ask(scheme, token, dpop);
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toMatch(
      /^DPoP realm=".*, error=".*algs="ES256 ES384 EdDSA Ed25519"/,
    );
    expect(answer.body).not.toContain('aroha');
  });

  test('a proof that was used before', async () => {
    const dpop = await proofFor(bound);
    expect((await ask('DPoP', bound, dpop)).status).toBe(200);
    const again = await ask('DPoP', bound, dpop);
    expect(again.status).toBe(401);
    expect(again.headers['www-authenticate']).toContain('error="invalid_dpop_proof"');
  });
});
