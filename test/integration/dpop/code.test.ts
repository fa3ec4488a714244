import { decodeJwt } from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Credentials,
  expectInvalidGrant,
  keteSpa,
  outcome,
  refreshForm,
  spaChange,
} from '../../support/exchange.ts';
import { type Answer, form, send } from '../../support/fixtures.ts';
import { clinicalRole, practise, wardApp } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import {
  type Authorised,
  authorisationRequest,
  authorise,
  createVisitor,
  exchangeForm,
  introspect,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import { push } from '../authorisation/pushing.ts';
import {
  changeFor,
  createProofKey,
  type ProofKey,
  proof,
  prove,
  registerClients,
  request,
  strictSpa,
  strictWeb,
} from './proof.ts';

/** Codes that are exchanged with a proof (RFC 9449 section 5), and codes that are bound to a key before (section 10). */

let server: TestServer;
let key: ProofKey;
let other: ProofKey;
/** Aroha's browser, in which she has signed in. */
let visitor: Visitor;

beforeAll(async () => {
  server = await startServer();
  [key, other] = [await createProofKey(), await createProofKey('EdDSA')];
  await registerClients(server);
  visitor = createVisitor(server.issuer);
});

afterAll(() => server.close());

const codeFor = (client: Credentials, change: Readonly<Record<string, string>> = {}): Promise<Authorised> =>
  authorise(server, {
    visitor,
    change: { ...(client === keteSpa ? spaChange : changeFor(client)), ...change },
  });

const redeemWith = (by: ProofKey, code: Authorised, client: Credentials): Promise<Answer> =>
  prove(server, by, exchangeForm(code), client);

const redeemPlain = (code: Authorised, client: Credentials): Promise<Answer> =>
  send(server, request(exchangeForm(code), client));

const tokensOf = ({ status, body }: Answer): TokenAnswer => {
  expect({ status, body }).toMatchObject({ status: 200 });
  return JSON.parse(body) as TokenAnswer;
};

describe.for<[string, Credentials]>([
  ['a confidential application', keteWeb],
  ['an application in a browser', keteSpa],
  ['a confidential application that demands bound tokens', strictWeb],
  ['an application in a browser that demands bound tokens', strictSpa],
])('%s', ([, client]) => {
  test('exchanges its code with a proof for a token that only its key can use', async () => {
    const tokens = tokensOf(await redeemWith(key, await codeFor(client), client));
    expect(tokens).toMatchObject({
      token_type: 'DPoP',
      patient: 'p-aroha',
      refresh_token: expect.any(String),
    });
    expect(await introspect(server, tokens.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: key.thumbprint },
      sub: 'aroha',
      patient: 'p-aroha',
    });
  });
});

test('the JWT of a practitioner names her and the key, also when it is renewed', async () => {
  const { authorised } = await practise(server);
  if (authorised === undefined) throw new Error('there is no code');
  const first = tokensOf(await prove(server, key, exchangeForm(authorised), wardApp));
  const second = tokensOf(await prove(server, other, refreshForm(first.refresh_token), wardApp));
  for (const [tokens, by] of [
    [first, key],
    [second, other],
  ] as const) {
    expect(tokens.token_type).toBe('DPoP');
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      requesting_user: `https://fhir.nhs.uk/Id/sds-role-profile-id|${clinicalRole}`,
      cnf: { jkt: by.thumbprint },
    });
  }
});

test('without a proof the tokens of an application are bearer tokens', async () => {
  const tokens = tokensOf(await redeemPlain(await codeFor(keteWeb), keteWeb));
  expect(tokens.token_type).toBe('Bearer');
  expect(await introspect(server, tokens.access_token)).not.toHaveProperty('cnf');
});

describe.for<[string, Credentials]>([
  ['a confidential application', strictWeb],
  ['an application in a browser', strictSpa],
])('%s that demands bound tokens', ([, client]) => {
  test('gets none without a proof, and its code stays good', async () => {
    const code = await codeFor(client);
    expectInvalidGrant(await redeemPlain(code, client));
    tokensOf(await redeemWith(key, code, client));
  });
});

test('a faulty proof leaves the code good', async () => {
  const code = await codeFor(keteWeb);
  const bad = await proof(key, `${server.issuer}/request`);
  expect(outcome(await send(server, request(exchangeForm(code), keteWeb, bad)))).toBe(
    '400 invalid_dpop_proof',
  );
  tokensOf(await redeemWith(key, code, keteWeb));
});

describe('a code that is bound to a key', () => {
  const expectBound = async (code: Authorised, client: Credentials) => {
    expectInvalidGrant(await redeemPlain(code, client));
    expectInvalidGrant(await redeemWith(other, code, client));
    tokensOf(await redeemWith(key, code, client));
  };

  test.for<[string, Credentials]>([
    ['a confidential application', keteWeb],
    ['an application in a browser', keteSpa],
  ])('by dpop_jkt is good for that key alone: %s', async ([, client]) => {
    await expectBound(await codeFor(client, { dpop_jkt: key.thumbprint }), client);
  });

  /** Goes on with a pushed request in Aroha's browser. */
  async function authorisePushed(pushed: Awaited<ReturnType<typeof push>>): Promise<Authorised> {
    const { url, request: made } = pushed;
    const page = await visitor.follow(await visitor.get(url));
    const response = new URL(page.location ?? 'about:blank').searchParams;
    const { verifier, parameters } = made;
    return {
      code: response.get('code') ?? '',
      verifier,
      redirectUri: parameters.redirect_uri ?? '',
      visitor,
      response,
    };
  }

  test('by dpop_jkt in a pushed request is good for that key alone', async () => {
    await codeFor(keteWeb);
    await expectBound(await authorisePushed(await push(server, { dpop_jkt: key.thumbprint })), keteWeb);
  });

  /** Pushes with a proof in the header, as RFC 9449 section 10.1 has it. */
  async function pushProving(dpop: string, change: Readonly<Record<string, string>> = {}) {
    const made = authorisationRequest(server.issuer, change);
    const { headers = {}, body = '' } = request(made.parameters, keteWeb, dpop);
    const answer = await send(server, { headers, body, path: '/request' });
    return { made, answer };
  }

  const proofToPush = (by: ProofKey) => proof(by, `${server.issuer}/request`);

  test('by a proof in a pushed request is good for that key alone', async () => {
    await codeFor(keteWeb);
    const { made, answer } = await pushProving(await proofToPush(key));
    expect(answer.status).toBe(201);
    const { request_uri: uri } = JSON.parse(answer.body) as { request_uri: string };
    const url = `${server.issuer}/auth?${new URLSearchParams({ client_id: keteWeb[0], request_uri: uri })}`;
    const pushed = { status: 201, body: {}, headers: {}, url, request: made };
    await expectBound(await authorisePushed(pushed), keteWeb);
  });

  test.for<[string, () => Promise<string>, Record<string, string>, string]>([
    [
      'a proof and the name of another key',
      () => proofToPush(other),
      { dpop_jkt: 'key' },
      '400 invalid_request',
    ],
    [
      'a proof for the token endpoint',
      () => proof(key, `${server.issuer}/token`),
      {},
      '400 invalid_dpop_proof',
    ],
    ['a proof that is none', async () => 'proof', {}, '400 invalid_dpop_proof'],
  ])('is not made of a pushed request with %s', async ([, make, change, expected]) => {
    const { answer } = await pushProving(await make(), change);
    expect(outcome(answer)).toBe(expected);
  });

  test('is not made of a proof that was used before', async () => {
    const dpop = await proofToPush(key);
    const [first, second] = [await pushProving(dpop), await pushProving(dpop)];
    expect([first.answer.status, outcome(second.answer)]).toEqual([201, '400 invalid_dpop_proof']);
  });
});

test('a page of an application in a browser may send proofs (preflight)', async () => {
  const origin = 'http://127.0.0.1:8090';
  for (const path of ['/token', '/request', '/me']) {
    const answer = await send(server, {
      method: 'OPTIONS',
      path,
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,dpop',
      },
    });
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-allow-headers']?.toLowerCase().split(/, */)).toContain('dpop');
  }
});

test('a page may read why its proof was refused', async () => {
  const origin = 'http://127.0.0.1:8090';
  const sent = form(
    { grant_type: 'authorization_code', client_id: 'kete-spa', code: 'x', redirect_uri: 'y' },
    {
      Origin: origin,
      DPoP: 'proof',
    },
  );
  const answer = await send(server, sent);
  expect(outcome(answer)).toBe('400 invalid_dpop_proof');
  expect(answer.headers['access-control-allow-origin']).toBe(origin);
});

describe('openid-client', () => {
  test.for<[string, openid.ClientAuth, Credentials]>([
    ['a confidential application', openid.ClientSecretBasic(strictWeb[1] ?? ''), strictWeb],
    ['an application in a browser', openid.None(), strictSpa],
  ])('has %s get and renew bound tokens', async ([, authentication, client]) => {
    const configuration = await openid.discovery(
      new URL(server.issuer),
      client[0],
      undefined,
      authentication,
      {
        execute: [openid.allowInsecureRequests],
      },
    );
    const handle = openid.getDPoPHandle(configuration, await openid.randomDPoPKeyPair());
    const code = await codeFor(client, { dpop_jkt: await handle.calculateThumbprint() });
    const arrived = new URL(`${code.redirectUri}?${code.response}`);
    const checks = { pkceCodeVerifier: code.verifier, expectedState: code.response.get('state') ?? '' };
    const tokens = await openid.authorizationCodeGrant(configuration, arrived, checks, undefined, {
      DPoP: handle,
    });
    expect(tokens).toMatchObject({ token_type: 'dpop', patient: 'p-aroha' });
    const renewed = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '', undefined, {
      DPoP: handle,
    });
    expect(renewed).toMatchObject({ token_type: 'dpop', patient: 'p-aroha' });
  });
});
