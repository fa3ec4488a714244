import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm } from '../../support/assertion.ts';
import { type Answer, send, startNode, type TestNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { type ProvingEndpoint, provingNames, requestTo } from './endpoints.ts';
import { type KeyClient, registerKeyClient } from './key-client.ts';

/** A client assertion is good for one request, whichever endpoint it goes to and on whichever node. */

let server: TestServer;
let second: TestNode;
let diary: KeyClient;
let scales: KeyClient;

beforeAll(async () => {
  server = await startServer();
  second = await startNode(server);
  diary = await registerKeyClient(server, 'key-diary');
  scales = await registerKeyClient(server, 'key-scales');
});
afterAll(async () => {
  await second.close();
  await server.close();
});

type Claims = Parameters<typeof assertion>[3];

const signed = ({ key, clientId }: KeyClient, claims: Claims = {}) =>
  assertion(key, clientId, server.issuer, claims);

/** Presents an assertion of the diary at an endpoint. */
function present(
  endpoint: ProvingEndpoint,
  jwt: string,
  at: TestNode | TestServer = server,
  { clientId }: KeyClient = diary,
): Promise<Answer> {
  return send(at, requestTo(endpoint, { issuer: server.issuer, clientId }, assertionForm(jwt)));
}

function expectUnknown({ status, body }: Answer): void {
  expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 401, error: 'invalid_client' });
}

describe.for(provingNames)('CA-02 an assertion that was used at the %s', (first) => {
  test.for(provingNames)('is refused at the %s, here and on the other node', async (then) => {
    const jwt = await signed(diary);
    expect((await present(first, jwt)).status).not.toBe(401);
    expectUnknown(await present(then, jwt));
    expectUnknown(await present(then, jwt, second));
  });

  test('without jti is refused there in the first place', async () => {
    expectUnknown(await present(first, await signed(diary, { jti: undefined })));
    expectUnknown(await present(first, await signed(diary, { jti: '' })));
  });

  test('does not take its jti from another client', async () => {
    const jti = crypto.randomUUID();
    expect((await present(first, await signed(diary, { jti }))).status).not.toBe(401);
    expect((await present(first, await signed(scales, { jti }), server, scales)).status).not.toBe(401);
    expectUnknown(await present(first, await signed(diary, { jti })));
  });
});

test('CA-02 an assertion that somebody else sends first in the name of another client stays good', async () => {
  const jti = crypto.randomUUID();
  const forged = await assertion(scales.key, diary.clientId, server.issuer, { jti });
  expectUnknown(await present('token_endpoint', forged));
  expect((await present('token_endpoint', await signed(diary, { jti }))).status).toBe(200);
});

test('CA-03 one assertion that is sent to all endpoints of two nodes at once passes at one of them', async () => {
  for (let round = 1; round <= 5; round += 1) {
    const jwt = await signed(diary);
    const answers = await Promise.all(
      provingNames.flatMap((endpoint) =>
        [server, second, server, second].map((at) => present(endpoint, jwt, at)),
      ),
    );
    const passed = answers.filter(({ status }) => status !== 401);
    expect({ round, passed: passed.length }).toEqual({ round, passed: 1 });
  }
});

describe.for(provingNames)('CA-04 at the %s', (endpoint) => {
  const now = () => Math.floor(Date.now() / 1000);

  test.for<[string, () => Claims]>([
    ['without exp', () => ({ exp: undefined })],
    ['that expired a minute ago', () => ({ iat: now() - 120, exp: now() - 60 })],
    ['that expires in more than 300 s', () => ({ exp: now() + 305 })],
    ['that expires in ten years', () => ({ exp: now() + 10 * 365 * 86_400 })],
    ['whose exp is a text', () => ({ exp: String(now() + 60) })],
    ['whose iat is more than a minute ahead', () => ({ iat: now() + 66, exp: now() + 120 })],
    ['whose nbf is more than a minute ahead', () => ({ nbf: now() + 66, exp: now() + 120 })],
    ['for another server', () => ({ aud: 'https://evil.example.test/token' })],
  ])('an assertion %s is refused, and its jti stays good', async ([, claims]) => {
    const jti = crypto.randomUUID();
    expectUnknown(await present(endpoint, await signed(diary, { ...claims(), jti })));
    expect((await present(endpoint, await signed(diary, { jti }))).status).not.toBe(401);
  });

  test('iat and nbf up to 10 s ahead are taken: clocks differ', async () => {
    const ahead = { iat: now() + 8, nbf: now() + 8, exp: now() + 100 };
    expect((await present(endpoint, await signed(diary, ahead))).status).not.toBe(401);
  });
});
