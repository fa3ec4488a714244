import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { type Answer, form, send } from '../../support/fixtures.ts';
import { drShah } from '../../support/practitioner.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import { createKeySource, type KeySource, keySet, newKey } from '../token-endpoint/key-source.ts';
import { expectErrorAnswer } from '../token-endpoint/refusals.ts';
import { type Asserter, about, asked, jwtBearer, registerAsserter } from './assertions.ts';

/** With which keys a system may sign what it says of its users, however it proves who it is itself. */

let source: KeySource;
let server: TestServer;

beforeAll(async () => {
  source = await createKeySource();
  server = await startServer({ OUTGOING_ALLOW: source.allowed });
});

afterEach(() => shiftTime(0));

afterAll(async () => {
  await server.close();
  await source.stop();
});

/** Every cache of a key set is older than this after so many seconds. */
const CACHE_TIME = 600;

async function expectPasses(asserter: Asserter, key: JWK = asserter.key): Promise<void> {
  const answer = await send(server, asked(asserter, await about(server, { ...asserter, key })));
  expect(answer).toMatchObject({ status: 200 });
}

async function expectFails(asserter: Asserter, key: JWK = asserter.key): Promise<void> {
  const answer = await send(server, asked(asserter, await about(server, { ...asserter, key })));
  expectErrorAnswer(answer, { status: 400, error: 'invalid_grant', usedAuthorization: true });
}

const withoutKid = ({ kid: _kid, ...key }: JWK): JWK => key;

async function keyOf(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg };
}

function publicHalf(key: JWK): JWK {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = key;
  return rest;
}

describe('a system that proves who it is with a secret', () => {
  test.for(['ES256', 'ES384', 'PS256', 'RS384', 'EdDSA'])('signs with %s', async (alg) => {
    const key = await keyOf(alg);
    const asserter = await registerAsserter(server, `fernhill-${alg}`, { jwks: { keys: [publicHalf(key)] } });
    await expectPasses(asserter, key);
  });

  test.for(['RS256', 'RS512', 'PS384'])('cannot sign with %s, although the key could', async (alg) => {
    const key = await keyOf(alg);
    const { alg: _alg, ...open } = publicHalf(key);
    const asserter = await registerAsserter(server, `fernhill-${alg}`, { jwks: { keys: [open] } });
    await expectFails(asserter, key);
  });

  test('has two keys without kid, and signs with either; with a third one it cannot', async () => {
    const [one, two, three] = [
      withoutKid(await newKey()),
      withoutKid(await newKey()),
      withoutKid(await newKey()),
    ];
    const asserter = await registerAsserter(server, 'fernhill-twins', { jwks: JSON.parse(keySet(one, two)) });
    await expectPasses(asserter, one);
    await expectPasses(asserter, two);
    await expectFails(asserter, three);
  });

  test('has two keys with kid, and signs with either; not with one under the name of the other', async () => {
    const [one, two] = [await newKey(), await newKey()];
    const asserter = await registerAsserter(server, 'fernhill-pair', { jwks: JSON.parse(keySet(one, two)) });
    await expectPasses(asserter, one);
    await expectPasses(asserter, two);
    await expectFails(asserter, { ...one, ...(two.kid && { kid: two.kid }) });
  });

  test('has two keys without kid, and what is wrong with the claims is told as ever', async () => {
    const [one, two] = [withoutKid(await newKey()), withoutKid(await newKey())];
    const asserter = await registerAsserter(server, 'fernhill-couple', {
      jwks: JSON.parse(keySet(one, two)),
    });
    for (const key of [one, two]) {
      const past = { iat: Math.floor(Date.now() / 1000) - 120, exp: Math.floor(Date.now() / 1000) - 60 };
      const answer = await send(server, asked(asserter, await about(server, { ...asserter, key }, past)));
      expectErrorAnswer(answer, { status: 400, error: 'invalid_grant', usedAuthorization: true });
      expect(JSON.parse(answer.body)).toMatchObject({ error_description: 'the assertion has expired' });
    }
  });
});

describe('a system that publishes its keys', () => {
  async function publisher(clientId: string): Promise<{ asserter: Asserter; path: string }> {
    const path = `/${clientId}/jwks`;
    const asserter = await registerAsserter(server, clientId, {
      jwks: undefined,
      jwks_uri: source.url(path),
    });
    return { asserter, path };
  }

  test('is asked for them once for many assertions', async () => {
    const { asserter, path } = await publisher('fernhill-publisher');
    source.publish(path, asserter.key);
    await Promise.all(Array.from({ length: 10 }, () => expectPasses(asserter)));
    expect(source.asked(path)).toBe(1);
  });

  test('changes its key: the new one passes after the cache time, the old one does not', async () => {
    const { asserter, path } = await publisher('fernhill-changer');
    source.publish(path, asserter.key);
    await expectPasses(asserter);
    const fresh = await newKey();
    source.publish(path, fresh);
    shiftTime(CACHE_TIME);
    await expectPasses(asserter, fresh);
    await expectFails(asserter);
  });

  test.for([
    ['nothing', (path: string) => source.serve(path, (_req, res) => res.writeHead(404).end())],
    ['an error', (path: string) => source.serve(path, (_req, res) => res.writeHead(500).end())],
    ['no key set', (path: string) => source.serve(path, (_req, res) => res.end('<html>'))],
    ['an empty key set', (path: string) => source.serve(path, (_req, res) => res.end('{"keys":[]}'))],
    ['a cut connection', (path: string) => source.serve(path, (_req, res) => res.destroy())],
  ] as const)('and answers with %s is refused, and passes when it is well again', async ([what, fail]) => {
    const { asserter, path } = await publisher(`fernhill-${what.replaceAll(' ', '-')}`);
    fail(path);
    await expectFails(asserter);
    source.publish(path, asserter.key);
    shiftTime(CACHE_TIME);
    await expectPasses(asserter);
  });

  test('proves with them who it is, too: one key, and each assertion for what it is', async () => {
    const { key } = await registerAsserter(server, 'fernhill-both-ways', {
      client_secret: undefined,
      jwks: undefined,
      jwks_uri: source.url('/both-ways/jwks'),
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES384',
    });
    source.publish('/both-ways/jwks', key);
    const clientId = 'fernhill-both-ways';
    const client = () => assertion(key, clientId, server.issuer);
    const user = () =>
      assertion(key, clientId, server.issuer, { sub: 'pr-priya', requesting_practitioner: drShah() });
    const ask = async (says: Promise<string>, is: Promise<string>): Promise<Answer> =>
      send(
        server,
        form({
          grant_type: jwtBearer,
          assertion: await says,
          scope: 'patient/*.read',
          ...assertionForm(await is),
        }),
      );
    expect(await ask(user(), client())).toMatchObject({ status: 200 });
    const swapped = await ask(client(), user());
    expectErrorAnswer(swapped, { status: 401, error: 'invalid_client', usedAuthorization: false });
    const both = client();
    expectErrorAnswer(await ask(both, both), {
      status: 400,
      error: 'invalid_grant',
      usedAuthorization: false,
    });
  });
});

test('a key that is taken out of the registration signs nothing any more', async () => {
  const asserter = await registerAsserter(server, 'fernhill-lost');
  await expectPasses(asserter);
  const { key: fresh } = await registerAsserter(server, 'fernhill-lost');
  await expectFails(asserter);
  await expectPasses(asserter, fresh);
});
