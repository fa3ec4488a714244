import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, type Sent, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  behindProxy,
  expectRefused,
  type Observation,
  observe,
  type Refusal,
  tally,
  titleOf,
} from '../token-endpoint/refusals.ts';
import {
  backEnd,
  createProofKey,
  type ProofChange,
  type ProofKey,
  proof,
  registerClients,
  request,
} from './proof.ts';

/** Proofs with a fault (RFC 9449 section 4.3): none gets a token, and the audit tells of each. */

let server: TestServer;
let key: ProofKey;
let observations: ReadonlyMap<string, Observation>;

const parameters = () => ({
  grant_type: 'client_credentials',
  scope: 'admin.read',
  resource: `${server.issuer}/api/admin/v1`,
});

const tokenUrl = () => `${server.issuer}/token`;
const now = () => Math.floor(Date.now() / 1000);
const refused = { status: 400, error: 'invalid_dpop_proof', deniedTo: backEnd[0] } as const;

const asked = (dpop: string): Sent => request(parameters(), backEnd, dpop);

/** A request whose proof is good but for one thing. */
const but = (story: string, change: () => ProofChange | Promise<ProofChange>): Refusal => ({
  story,
  sent: async () => asked(await proof(key, tokenUrl(), await change())),
  ...refused,
});

const claims = (story: string, changed: () => Readonly<Record<string, unknown>>) =>
  but(story, () => ({ claims: changed() }));

const header = (story: string, changed: () => Readonly<Record<string, unknown>>) =>
  but(story, () => ({ header: changed() }));

/** A proof for another address than ours. */
const htu = (story: string, address: () => unknown) => claims(`an htu ${story}`, () => ({ htu: address() }));

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A request whose header is written by hand. */
const written = (story: string, write: (good: string) => string | Promise<string>): Refusal => ({
  story,
  sent: async () => asked(await write(await proof(key, tokenUrl()))),
  ...refused,
});

const secret = new TextEncoder().encode('a-secret-that-both-sides-could-know-of');

const refusals: readonly Refusal[] = [
  claims('for GET', () => ({ htm: 'GET' })),
  claims('for post in small letters', () => ({ htm: 'post' })),
  claims('without htm', () => ({ htm: undefined })),
  claims('without htu', () => ({ htu: undefined })),
  htu('of another endpoint', () => `${server.issuer}/request`),
  htu('below ours', () => `${tokenUrl()}/more`),
  htu('of the issuer alone', () => server.issuer),
  htu('of another host', () => 'https://evil.example.test/token'),
  htu('of another port', () => 'http://127.0.0.1:1/token'),
  htu('with https', () => tokenUrl().replace('http:', 'https:')),
  htu('with a user name', () => tokenUrl().replace('//', '//a@')),
  htu('in capitals', () => `${server.issuer}/TOKEN`),
  htu('that is no address', () => '/token'),
  htu('that is a list', () => [tokenUrl()]),
  claims('of 305 s ago', () => ({ iat: now() - 305 })),
  claims('of a clock that is 310 s ahead', () => ({ iat: now() + 310 })),
  claims('without iat', () => ({ iat: undefined })),
  claims('with a text as iat', () => ({ iat: String(now()) })),
  claims('of the year 1970', () => ({ iat: 0 })),
  claims('that has expired', () => ({ exp: now() - 1 })),
  claims('without jti', () => ({ jti: undefined })),
  claims('with an empty jti', () => ({ jti: '' })),
  claims('with a number as jti', () => ({ jti: 7 })),
  claims('with a nonce that nobody gave', () => ({ nonce: 'n-0S6_WzA2Mj' })),
  header('of typ JWT', () => ({ typ: 'JWT' })),
  header('of typ at+jwt', () => ({ typ: 'at+jwt' })),
  header('without typ', () => ({ typ: undefined })),
  header('without a key', () => ({ jwk: undefined })),
  header('with a key by name', () => ({ jwk: undefined, kid: 'ward' })),
  header('with a private key', () => ({ jwk: key.privateJwk })),
  header('with a critical extension', () => ({ crit: ['unheard'], unheard: 1 })),
  but('signed with another key', async () => ({ signer: (await createProofKey()).privateKey })),
  but('with HMAC and a shared key in it', () => ({
    header: { alg: 'HS256', jwk: { kty: 'oct', k: Buffer.from(secret).toString('base64url') } },
    signer: secret,
  })),
  but('with RS256', async () => {
    const rsa = await createProofKey('RS256');
    return { header: { alg: 'RS256', jwk: rsa.publicJwk }, signer: rsa.privateKey };
  }),
  but('with ES512', async () => {
    const other = await createProofKey('ES512');
    return { header: { alg: 'ES512', jwk: other.publicJwk }, signer: other.privateKey };
  }),
  written('without a signature, alg none', (good) => {
    const [, body = ''] = good.split('.');
    return `${encode({ alg: 'none', typ: 'dpop+jwt', jwk: key.publicJwk })}.${body}.`;
  }),
  written('of alg ES256 without its signature', (good) => `${good.slice(0, good.lastIndexOf('.'))}.`),
  written('with another payload than was signed', (good) => {
    const [head = '', , signature = ''] = good.split('.');
    const body = { jti: 'mine', htm: 'POST', htu: tokenUrl(), iat: now() };
    return `${head}.${encode(body)}.${signature}`;
  }),
  written('that is no JWT', () => 'proof'),
  written('that is JSON', () => '{"jwk":{}}'),
  written('twice in one header', (good) => `${good}, ${good}`),
  written('and nothing behind it in one header', (good) => `${good}, `),
  written('and another in one header', async (good) => `${good}, ${await proof(key, tokenUrl())}`),
];

const evil = 'evil.example.test';

/** A proof for another address, and a header that would make the address ours if it were believed. */
const claimed = (address: () => string, headers: Record<string, string>) => async (): Promise<Sent> => {
  const sent = asked(await proof(key, address()));
  return { ...sent, headers: { ...sent.headers, ...headers } };
};

const strangeHost: Refusal = {
  story: 'for another server, which Forwarded claims',
  sent: claimed(() => `https://${evil}/token`, { Forwarded: `host=${evil};proto=https` }),
  ...refused,
};

beforeAll(async () => {
  server = await startServer(behindProxy);
  key = await createProofKey();
  await registerClients(server);
  observations = await observe(server, [...refusals, strangeHost, stranger]);
});

afterAll(() => server.close());

/** Nobody proved to be anybody: the fault of the proof is not even looked at. */
const stranger: Refusal = {
  story: 'a good proof of a client with a wrong secret',
  sent: async () => request(parameters(), [backEnd[0], 'wrong'], await proof(key, tokenUrl())),
  status: 401,
  error: 'invalid_client',
};

describe('a proof', () => {
  test.each([...refusals, strangeHost, stranger].map((refusal) => [titleOf(refusal), refusal] as const))(
    '%s',
    (_title, refusal) => {
      expectRefused(refusal, observations);
    },
  );

  test.each<[header: string, value: string, address: () => string]>([
    ['Host', evil, () => `http://${evil}/token`],
    ['X-Forwarded-Host', evil, () => `http://${evil}/token`],
    ['X-Forwarded-Proto', 'https', () => tokenUrl().replace('http:', 'https:')],
  ])(
    'for another address, which %s claims, is turned away with its request',
    async (name, value, address) => {
      const before = await tally(server);
      const answer = await send(server, await claimed(address, { [name]: value })());
      expect(answer).toMatchObject({ status: 400 });
      expect(await tally(server)).toEqual(before);
    },
  );

  test('and nothing of it is repeated in the log', () => {
    expect(server.logLines.join('\n')).not.toMatch(/dpop\+jwt|eyJ|"jwk"/);
  });
});

describe('a proof is good', () => {
  test.each<[string, () => ProofChange]>([
    ['with a query and a fragment in htu', () => ({ claims: { htu: `${tokenUrl()}?a=b#c` } })],
    [
      'with an htu that is ours in normal form',
      () => ({ claims: { htu: `${server.issuer.toUpperCase()}/a/../token` } }),
    ],
    ['of 295 s ago', () => ({ claims: { iat: now() - 295 } })],
    ['of a clock that is 290 s ahead', () => ({ claims: { iat: now() + 290 } })],
    ['with an ath, which belongs to other requests', () => ({ claims: { ath: 'abc' } })],
    ['with a typ that has its full name', () => ({ header: { typ: 'application/dpop+jwt' } })],
  ])('%s', async (_name, change) => {
    const { headers = {}, body = '' } = asked(await proof(key, tokenUrl(), change()));
    const answer = await fetch(tokenUrl(), { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ token_type: 'DPoP' });
  });

  test('at the address in other letters, where it still names ours', async () => {
    const { headers = {}, body = '' } = asked(await proof(key, tokenUrl()));
    const answer = await fetch(`${server.issuer}/TOKEN/`, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ token_type: 'DPoP' });
  });

  test('two headers are refused as one with a comma is', async () => {
    const headers = new Headers(asked('').headers);
    headers.delete('DPoP');
    headers.append('DPoP', await proof(key, tokenUrl()));
    headers.append('DPoP', await proof(key, tokenUrl()));
    const answer = await fetch(tokenUrl(), { method: 'POST', headers, body: form(parameters()).body ?? '' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_dpop_proof' });
  });
});
