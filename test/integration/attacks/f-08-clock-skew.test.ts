import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertion, assertionForm, demoKey } from '../../support/assertion.ts';
import { onServer } from '../../support/database.ts';
import { isActive, redeem, renew } from '../../support/exchange.ts';
import { basic, eventually, form, register, send, startNode } from '../../support/fixtures.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { shiftTime } from '../../support/time.ts';
import {
  authorisationRequest,
  authorise,
  createVisitor,
  keteWeb,
  type TokenAnswer,
} from '../../support/visitor.ts';

/** Two nodes whose clocks differ: what one of them made is shown to the other. */

const flagsSecret = 'a-secret-of-the-flags-server-itself';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await register(server, {
    client_id: 'flags-server',
    client_secret: flagsSecret,
    grant_types: [],
    organization: 'platform',
    apis: { 'reasonable-adjustments': 'introspect' },
  });
});
afterEach(() => shiftTime(0));
afterAll(() => server.close());

/** Lets a node with a clock of its own do something. @param skew seconds that its clock is fast */
async function on<T>(skew: number, work: () => Promise<T>): Promise<T> {
  shiftTime(skew);
  try {
    return await work();
  } finally {
    shiftTime(0);
  }
}

const systemToken = async (): Promise<string> => {
  const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
  const answer = await send(
    server,
    form({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, clinic),
  );
  return (JSON.parse(answer.body) as TokenAnswer).access_token;
};

/** Whether the resource server of a system's JWT is told that it is good. */
async function isGood(token: string): Promise<boolean> {
  const asked = { ...form({ token }, basic('flags-server', flagsSecret)), path: '/token/introspection' };
  return (JSON.parse((await send(server, asked)).body) as { active: boolean }).active;
}

describe.for([
  [10, 0],
  [-10, 0],
  [0, 10],
  [0, -10],
  [5, -5],
] as const)('F-08 made on a node %i s ahead, shown to one %i s ahead:', ([here, there]) => {
  test('code, tokens and refresh token are good', async () => {
    const authorised = await on(here, () => authorise(server));
    const tokens = await on(there, () => redeem(server, authorised));
    expect(await on(here, () => isActive(server, tokens))).toBe(true);
    const renewed = await on(here, () => renew(server, tokens));
    expect(await on(there, () => isActive(server, renewed))).toBe(true);
    const again = await on(there, () => renew(server, renewed));
    expect(await on(here, () => isActive(server, again))).toBe(true);
  });

  test('a session is known, and an id_token is a hint for signing out', async () => {
    const { visitor, ...authorised } = await on(here, () => authorise(server));
    const { url } = authorisationRequest(server.issuer, { prompt: 'none' });
    expect((await on(there, () => visitor.get(url))).location).toContain('code=');
    const { id_token: hint = '' } = await on(here, () => redeem(server, { ...authorised, visitor }));
    const page = await on(there, () => visitor.get(`${server.issuer}/session/end?id_token_hint=${hint}`));
    expect([page.status, page.html.includes('/session/end/confirm')]).toEqual([200, true]);
  });

  test('a pushed request is opened', async () => {
    const { parameters } = authorisationRequest(server.issuer);
    const pushed = { ...form(parameters, basic(...keteWeb)), path: '/request' };
    const { body } = await on(here, () => send(server, pushed));
    const { request_uri: uri } = JSON.parse(body) as { request_uri: string };
    const query = new URLSearchParams({ client_id: 'kete-web', request_uri: uri });
    const visitor = createVisitor(server.issuer);
    const page = await on(there, () => visitor.get(`${server.issuer}/auth?${query}`));
    expect(page.location).toContain('/interaction/');
  });

  test('a signed token is good', async () => {
    const token = await on(here, systemToken);
    expect(await on(there, () => isGood(token))).toBe(true);
  });

  test('an assertion of a client with such a clock is accepted, once', async () => {
    const key = demoKey(server, 'clinic-jwt');
    const jwt = await on(here, () => assertion(key, 'clinic-jwt', server.issuer));
    const sent = form({ grant_type: 'client_credentials', scope: 'system/Flag.read', ...assertionForm(jwt) });
    const twice = [await on(there, () => send(server, sent)), await on(here, () => send(server, sent))];
    expect(twice.map(({ status }) => status)).toEqual([200, 401]);
  });
});

/** Largest difference at which a node is ready, in seconds, and what it may add to the life of a token. */
const ALMOST = 59;

describe('F-08 a token of a node that is almost a minute ahead', () => {
  test('is good for no more than that minute longer, signed or opaque', async () => {
    const signed = await on(ALMOST, systemToken);
    const opaque = await on(ALMOST, async () => redeem(server, await authorise(server)));
    const now = Date.now() / 1000;
    expect([await isGood(signed), await isActive(server, opaque)]).toEqual([true, true]);
    expect(Number(decodeJwt(signed).exp)).toBeLessThanOrEqual(now + 300 + 60);
    expect(await on(300 + 61, () => isGood(signed))).toBe(false);
    expect(await on(opaque.expires_in + 61, () => isActive(server, opaque))).toBe(false);
  });
});

test('F-08 a signed token that is dated more than a minute ahead is not good', async () => {
  const token = await on(70, systemToken);
  expect(await isGood(token)).toBe(false);
});

if (!onServer)
  console.warn(
    'A node with a wrong clock is not tested: the embedded database has its clock; set DATABASE_URL',
  );

describe.skipIf(!onServer)('F-08 a node whose clock differs from the database’s', () => {
  const readiness = async () => {
    const answer = await fetch(`${server.issuer}/health/ready`);
    return [answer.status, ((await answer.json()) as { database: string }).database];
  };

  test.for([0, 10, -10, 30, -30, 57, -57])('by %i s is ready', async (skew) => {
    expect(await on(skew, readiness)).toEqual([200, 'ok']);
  });

  test.for([61, -61, 300, -300])('by %i s is not ready, and issues nothing', async (skew) => {
    expect(await on(skew, readiness)).toEqual([503, 'failed']);
    // Where the demonstration is, its time may be moved.
    const node = await startNode(server, { DEMO: '0' });
    try {
      const clinic = basic('clinic-backend', 'demo-secret-clinic-backend');
      const sent = form({ grant_type: 'client_credentials', scope: 'system/Flag.read' }, clinic);
      // It sees so when it looks at the database, four times a second.
      const refused = await on(skew, () =>
        eventually(async () => {
          const answer = await send(node, sent);
          return answer.status === 200 ? undefined : answer;
        }),
      );
      expect(refused).toMatchObject({ status: 503, body: expect.not.stringContaining('access_token') });
      const open = (path: string, Accept: string) =>
        on(skew, () => send(node, { method: 'GET', path, headers: { Accept } }));
      for (const path of ['/auth', '/auth/of-an-interaction', '/AUTH/', '/interaction/of-nobody'])
        expect((await open(`${path}?client_id=kete-web`, 'text/html')).status, path).toBe(503);
      const pushed = { ...form({ client_id: 'kete-spa' }), path: '/request' };
      const answer = await on(skew, () => send(node, pushed));
      expect({ ...answer, body: JSON.parse(answer.body) }).toMatchObject({
        status: 503,
        body: { error: 'temporarily_unavailable' },
        headers: { 'retry-after': '1' },
      });
      // What is taken back elsewhere must be able to be taken back here.
      const taken = { ...form({ token: 'unknown' }, clinic), path: '/token/revocation' };
      expect((await on(skew, () => send(node, taken))).status).toBe(200);
    } finally {
      await node.close();
    }
  });
});
