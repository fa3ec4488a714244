import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Credentials,
  expectInvalidGrant,
  keteSpa,
  outcome,
  refreshForm,
  spaChange,
} from '../../support/exchange.ts';
import { type Answer, send } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  authorise,
  createVisitor,
  exchangeForm,
  introspect,
  keteWeb,
  type TokenAnswer,
  type Visitor,
} from '../../support/visitor.ts';
import {
  asClient,
  changeFor,
  createProofKey,
  type ProofKey,
  prove,
  registerClients,
  request,
  strictKeys,
  strictSpa,
  strictWeb,
} from './proof.ts';

/** Refresh tokens of applications that prove possession of a key (RFC 9449 section 5, FAPI 2.0 section 5.3.2.1). */

let server: TestServer;
let key: ProofKey;
let other: ProofKey;
let visitor: Visitor;

beforeAll(async () => {
  server = await startServer();
  [key, other] = [await createProofKey(), await createProofKey('ES384')];
  await registerClients(server);
  visitor = createVisitor(server.issuer);
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

const tokensOf = ({ status, body }: Answer): TokenAnswer => {
  expect({ status, body }).toMatchObject({ status: 200 });
  return JSON.parse(body) as TokenAnswer;
};

/** Tokens from a new code, exchanged with a proof of `key`. */
async function begin(client: Credentials): Promise<TokenAnswer> {
  const change = client === keteSpa ? spaChange : changeFor(client);
  const code = await authorise(server, { visitor, change });
  return tokensOf(await prove(server, key, exchangeForm(code), client));
}

const renewWith = (by: ProofKey, { refresh_token: token }: TokenAnswer, client: Credentials) =>
  prove(server, by, refreshForm(token), client);

const renewPlain = async ({ refresh_token: token }: TokenAnswer, client: Credentials) =>
  send(server, request(await asClient(server, refreshForm(token), client), client));

/** Key to which the access token of an answer is bound, as its resource server is told. */
async function keyOf({ access_token: token }: TokenAnswer): Promise<unknown> {
  const { active, cnf } = await introspect(server, token);
  return active ? (cnf as { jkt?: string } | undefined)?.jkt : 'not active';
}

describe.for<[string, Credentials]>([
  ['an application in a browser', keteSpa],
  ['one that demands bound tokens', strictSpa],
])('the refresh token of %s', ([, client]) => {
  test('is bound to the key, and so is the next one', async () => {
    let tokens = await begin(client);
    for (const _turn of [1, 2]) {
      expectInvalidGrant(await renewWith(other, tokens, client));
      expectInvalidGrant(await renewPlain(tokens, client));
      const next = tokensOf(await renewWith(key, tokens, client));
      expect(next).toMatchObject({ token_type: 'DPoP', patient: 'p-aroha' });
      expect(next.refresh_token).not.toBe(tokens.refresh_token);
      expect(await keyOf(next)).toBe(key.thumbprint);
      tokens = next;
    }
  });

  test('that is tried with another key does not end what came from it: that may be a thief', async () => {
    const tokens = await begin(client);
    expectInvalidGrant(await renewWith(other, tokens, client));
    expect(await keyOf(tokens)).toBe(key.thumbprint);
  });

  test('ends the family when it is used again with its key', async () => {
    const tokens = await begin(client);
    tokensOf(await renewWith(key, tokens, client));
    shiftTime(60);
    expectInvalidGrant(await renewWith(key, tokens, client));
    expect(await keyOf(tokens)).toBe('not active');
  });
});

test('the refresh token of a confidential application is bound to its secret, and changes; keys may change, too', async () => {
  const tokens = await begin(keteWeb);
  const second = tokensOf(await renewWith(other, tokens, keteWeb));
  expect(second.refresh_token).not.toBe(tokens.refresh_token);
  expect(await keyOf(second)).toBe(other.thumbprint);
  const third = tokensOf(await renewPlain(second, keteWeb));
  expect(third.token_type).toBe('Bearer');
  expect(await keyOf(third)).toBeUndefined();
});

test('a secret can be handed on, so the refresh token behind one changes though bound tokens are demanded', async () => {
  const tokens = await begin(strictWeb);
  const second = tokensOf(await renewWith(other, tokens, strictWeb));
  expect(second.refresh_token).not.toBe(tokens.refresh_token);
  expectInvalidGrant(await renewPlain(second, strictWeb));
  expect(outcome(await renewWith(key, second, [strictWeb[0], 'wrong']))).toBe('401 invalid_client');
});

describe('the refresh token of an application with keys that demands bound tokens', () => {
  test('stays, and works again and again', async () => {
    const tokens = await begin(strictKeys);
    for (const by of [key, key, other]) {
      const next = tokensOf(await renewWith(by, tokens, strictKeys));
      expect(next).toMatchObject({ token_type: 'DPoP', refresh_token: tokens.refresh_token });
      expect(await keyOf(next)).toBe(by.thumbprint);
    }
  });

  test('works many times at once', async () => {
    const tokens = await begin(strictKeys);
    const answers = await Promise.all(Array.from({ length: 10 }, () => renewWith(key, tokens, strictKeys)));
    expect(answers.map(outcome)).toEqual(Array(10).fill('200'));
    const values = answers.map((answer) => tokensOf(answer).access_token);
    expect(new Set(values).size).toBe(10);
  });

  test('is refused without a proof, and with a proof but without an assertion', async () => {
    const tokens = await begin(strictKeys);
    expectInvalidGrant(await renewPlain(tokens, strictKeys));
    expect(outcome(await renewWith(key, tokens, [strictKeys[0]]))).toBe('401 invalid_client');
    expectInvalidGrant(await renewWith(key, tokens, strictSpa));
    tokensOf(await renewWith(key, tokens, strictKeys));
  });

  test('ends all the same', async () => {
    const tokens = await begin(strictKeys);
    shiftTime(89 * 86_400);
    tokensOf(await renewWith(key, tokens, strictKeys));
    shiftTime(90 * 86_400);
    expectInvalidGrant(await renewWith(key, tokens, strictKeys));
  });
});
